import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Not `/usr/sbin/rabbitmq-server`: that one insists on the account `rabbitmq`. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const READY_WITHIN_MS = 60_000;

/** What a client of a broker needs. */
export interface AmqpAccess {
  amqpUrl: string;
  managementUrl: string;
  user: string;
  password: string;
  vhost: string;
}

/** A broker as the conformance suite and the benches see it. */
export interface BrokerAccess extends AmqpAccess {
  /** `http://127.0.0.1:15692`; where the Prometheus metrics are. */
  metricsUrl: string;
  /** Makes the broker think that its memory is short, or that it is not. */
  setMemoryAlarm(raised: boolean): Promise<void>;
}

export interface RunningRabbitMq extends BrokerAccess {
  pid: number;
  /** Stops the server and its port mapper by pid, and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts a RabbitMQ of its own: free ports, a private folder, node name, cookie and port mapper, the management plugin.
 * Installs Debian's package when it is missing and this is root on a machine with apt-get.
 * Resolves to `{ unavailable: reason }` where no RabbitMQ can be had.
 */
export async function startRabbitMq(): Promise<RunningRabbitMq | { unavailable: string }> {
  const missing = await install();
  if (missing !== undefined) return { unavailable: missing };
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-rabbitmq-'));
  const [amqp, management, distribution, mapper, prometheus] = await freePorts(5);
  const password = `p${process.pid}-${Date.now().toString(36)}`;
  await mkdir(join(folder, 'mnesia'));
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${amqp}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${management}`,
      'prometheus.tcp.ip = 127.0.0.1',
      `prometheus.tcp.port = ${prometheus}`,
      'default_user = tester',
      `default_pass = ${password}`,
      // The management database otherwise lags five seconds behind.
      'collect_statistics_interval = 500',
      'log.console.level = error',
    ].join('\n'),
  );
  await writeFile(join(folder, 'enabled_plugins'), '[rabbitmq_management,rabbitmq_prometheus].');
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    RABBITMQ_NODENAME: `qbtc${amqp}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_LOGS: '-',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-setcookie qbtc +S 2:2',
  };
  const server = spawn(SERVER, [], { stdio: 'ignore', env: environment });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) server.kill('SIGTERM');
    await exited;
    await run('epmd', ['-kill'], { env: { PATH: process.env.PATH, ERL_EPMD_PORT: String(mapper) } }).catch(
      () => undefined,
    );
    await rm(folder, { recursive: true, force: true });
  };
  const managementUrl = `http://127.0.0.1:${management}`;
  const authorization = `Basic ${Buffer.from(`tester:${password}`).toString('base64')}`;
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers(`${managementUrl}/api/overview`, authorization))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop();
      return { unavailable: `RabbitMQ did not start (exit code ${server.exitCode})` };
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    amqpUrl: `amqp://tester:${password}@127.0.0.1:${amqp}/%2F`,
    managementUrl,
    user: 'tester',
    password,
    vhost: '/',
    metricsUrl: `http://127.0.0.1:${prometheus}`,
    async setMemoryAlarm(raised) {
      await run(CONTROL, ['--erlang-cookie', 'qbtc', 'set_vm_memory_high_watermark', raised ? '0' : '0.4'], {
        env: { ...environment, RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '' },
      });
    },
    pid: server.pid ?? 0,
    stop,
  };
}

/** Says why there is no RabbitMQ, or nothing when there is one. */
async function install(): Promise<string | undefined> {
  if (existsSync(SERVER)) return undefined;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    return 'rabbitmq-server is not installed, and installing it needs root and apt-get';
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'rabbitmq-server'], { env });
  } catch (error) {
    return `apt-get could not install rabbitmq-server: ${error instanceof Error ? error.message : error}`;
  }
  return existsSync(SERVER)
    ? undefined
    : 'the installed package holds no rabbitmq-server of the expected layout';
}

async function answers(url: string, authorization: string): Promise<boolean> {
  try {
    const response = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(1000) });
    return response.ok;
  } catch {
    return false;
  }
}

/** Ports that were free a moment ago; all are held open until the last is known, so that no two are equal. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
