import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { parse } from 'yaml';
import { eventually, findProgram, freePorts, startChild, type TestServer } from './server.ts';

export const rabbitmqServer = {
  name: 'RabbitMQ',
  found: findProgram(['/usr/lib/rabbitmq/bin/rabbitmq-server', '/opt/homebrew/sbin/rabbitmq-server']),
  install: 'apt-get install rabbitmq-server',
};

/** A node of its own, with a port mapper of its own. */
export async function startRabbitmq(): Promise<TestServer> {
  const program = rabbitmqServer.found;
  if (program === undefined) throw new Error('RabbitMQ is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'stack-rabbitmq-'));
  const [port = 0, dist = 0, mapper = 0] = await freePorts(3);
  await mkdir(join(folder, 'data'));
  const password = randomBytes(16).toString('hex');
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    `listeners.tcp.1 = 127.0.0.1:${port}\ndefault_user = stack\ndefault_pass = ${password}\n`,
  );
  await writeFile(join(folder, 'enabled_plugins'), '[].\n');
  await writeFile(join(folder, 'env.conf'), '');
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `stack-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(dist),
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'env.conf'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-setcookie ${randomBytes(8).toString('hex')} +S 2:2`,
  };
  const url = `amqp://stack:${password}@127.0.0.1:${port}`;
  let child: ReturnType<typeof startChild> | undefined;
  const start = async () => {
    // A group of its own: the launcher is a shell that does not pass a SIGKILL on.
    child = startChild(program, [], { cwd: folder, env, detached: true });
    await eventually(
      'RabbitMQ answers',
      async () => {
        if (child?.process.exitCode !== null) throw new Error(child?.output());
        const connection = await connect(url, { timeout: 2000 });
        connection.on('error', () => {});
        await connection.close();
      },
      { timeoutMs: 180_000, everyMs: 200 },
    );
  };
  const signalGroup = async (signal: NodeJS.Signals) => {
    const pid = child?.process.pid;
    if (pid === undefined || child?.process.exitCode !== null || child.process.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.process.once('exit', resolve));
    process.kill(-pid, signal);
    await ended;
  };
  await start();
  return {
    url,
    port,
    start,
    kill: () => signalGroup('SIGKILL'),
    async stop() {
      await signalGroup('SIGKILL');
      // The port mapper stays until it is told to go, and refuses while it still counts the node among the living.
      await eventually('the port mapper has ended', () => endPortMapper(mapper, env), { timeoutMs: 5000 });
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function endPortMapper(port: number, env: NodeJS.ProcessEnv): Promise<void> {
  const { process: killer, output } = startChild('epmd', ['-port', String(port), '-kill'], { env });
  await new Promise((resolve) => killer.once('close', resolve));
  if (!/killed|cannot connect/i.test(output())) throw new Error(output());
}

interface TopologyFile {
  exchanges?: { name: string; type: string }[];
  queues: { name: string; arguments?: Record<string, unknown>; retry?: { delays: number[] } }[];
  bindings: { source: string; destination: string; routing_key: string }[];
}

/** Declares what a topology file says, as `qbtc topology apply` does. */
export async function declareTopology(url: string, file: string): Promise<void> {
  const topology: TopologyFile = parse(await readFile(file, 'utf8'), { maxAliasCount: -1 });
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const { name, type } of topology.exchanges ?? [])
    await channel.assertExchange(name, type, { durable: true });
  for (const queue of topology.queues) {
    await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments ?? {} });
  }
  await channel.assertExchange('qbtc.retry', 'direct', { durable: true });
  for (const { name, retry } of topology.queues) {
    for (const delay of retry?.delays ?? []) {
      const waiting = `${name}.retry.${delay}`;
      await channel.assertQueue(waiting, {
        durable: true,
        messageTtl: delay,
        deadLetterExchange: '',
        deadLetterRoutingKey: name,
        arguments: { 'x-queue-type': 'quorum' },
      });
      await channel.bindQueue(waiting, 'qbtc.retry', waiting);
    }
  }
  for (const { source, destination, routing_key } of topology.bindings) {
    await channel.bindQueue(destination, source, routing_key);
  }
  await connection.close();
}
