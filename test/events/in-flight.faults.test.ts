import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBus, Unroutable } from '@stack/runtime/bus';
import { createLog } from '@stack/runtime/logging';
import { eventually, freePorts, type TestServer } from '@stack/testing/server';
import amqp from 'amqplib';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerProcess, BrokerProgram } from '../embedded/broker/program.ts';
import { installPackages } from '../support/docker/run.ts';
import { delivered } from './in-flight-event.ts';

const EVENTS = 10_000;
const POISON = 20;
const IN_FLIGHT = 256;
/** How long the consumers may take for what is left when the last event is confirmed. */
const DRAIN_MS = 60_000;
const MIGRATIONS = fileURLToPath(
  new URL('../../templates/stack/infrastructure/supabase/migrations', import.meta.url),
);
// Inside the checkout, so that the bundle finds its packages.
const here = fileURLToPath(new URL('.', import.meta.url));

const missing =
  (await installPackages(['postgresql'], '/usr/lib/postgresql')) ??
  (await installPackages(['rabbitmq-server'], '/usr/lib/rabbitmq/bin/rabbitmq-server'));
// Where the programs are is found out once, when these are loaded.
const { migrate, query, startPostgres } = await import('@stack/testing/postgres');
const { startRabbitmq } = await import('@stack/testing/rabbitmq');
const ends: (() => Promise<unknown> | unknown)[] = [];
let bundle = '';
let embedded: BrokerProgram;

describe.skipIf(missing !== undefined)(
  `10,000 events in flight${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    beforeAll(async () => {
      const folder = await mkdtemp(join(here, '.run-'));
      bundle = join(folder, 'consumer.mjs');
      await build({
        entryPoints: [join(here, 'in-flight-consumer.ts')],
        outfile: bundle,
        bundle: true,
        format: 'esm',
        platform: 'node',
        packages: 'external',
        alias: {
          '@stack/runtime/bus': fileURLToPath(
            new URL('../../templates/stack/packages/runtime/src/bus/index.ts', import.meta.url),
          ),
          '@stack/runtime/events': fileURLToPath(
            new URL('../../templates/stack/packages/runtime/src/events.ts', import.meta.url),
          ),
          '@stack/runtime/logging': fileURLToPath(
            new URL('../../templates/stack/packages/runtime/src/logging.ts', import.meta.url),
          ),
        },
        logLevel: 'error',
      });
      embedded = await BrokerProgram.build();
    });
    afterEach(async () => {
      for (const end of ends.splice(0).reverse()) await end();
    });
    afterAll(async () => {
      await embedded?.remove();
      if (bundle !== '') await rm(join(bundle, '..'), { recursive: true, force: true });
    });

    it.each([
      ['the embedded broker', () => startEmbedded()],
      ['RabbitMQ', async () => asBroker(await startRabbitmq())],
    ])('survive kills of %s, kills of consumers, and cut connections: none lost, none twice', async (name, start) => {
      const broker = await start();
      ends.push(() => broker.stop());
      const database = await startPostgres();
      ends.push(() => database.stop());
      await migrate(database.url, MIGRATIONS);
      // No key: an effect that is had twice must show.
      await query(database.url, 'create table effects (event_id text not null)');
      await declare(broker.url(), broker.queueType);
      const line = await cuttableLine(broker.port);
      ends.push(() => line.close());

      const duplicates = { count: 0 };
      const consumers = ['one', 'two'].map((each) => {
        const consumer = startConsumer(each, line.urlFor(broker.url()), database.url, duplicates);
        ends.push(() => consumer.kill());
        return consumer;
      });
      const bus = await createBus({
        url: line.urlFor(broker.url()),
        service: 'publisher',
        log: createLog({ service: 'publisher', level: 'silent', destination: { write: () => {} } }),
        maxReconnectDelayMs: 300,
      });
      ends.push(() => bus.close());
      await eventually('the bus is connected', () => bus.check(), { timeoutMs: 20_000 });

      const confirmed = new Set<string>();
      const faults: [number, string, () => Promise<unknown>][] = [
        [1_500, 'the broker is killed', () => broker.restart()],
        [3_500, 'consumer one is killed', async () => consumers[0]?.restart()],
        [5_000, 'every connection is cut', async () => line.cut()],
        [6_500, 'consumer two is killed', async () => consumers[1]?.restart()],
        [8_000, 'the broker is killed again', () => broker.restart()],
        [9_500, 'every connection is cut again', async () => line.cut()],
      ];
      const running: Promise<unknown>[] = [];
      const publishOne = async (n: number) => {
        const poison = n >= EVENTS;
        const event = delivered.create(
          { n, ...(poison ? { poison } : {}) },
          { source: 'test', correlationid: 'c' },
        );
        for (;;) {
          try {
            await bus.publish(delivered, event, { exchange: 'qbtc.topic', routingKey: 'delivered' });
            break;
          } catch (error) {
            if (error instanceof Unroutable) throw error;
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        }
        if (!poison) confirmed.add(event.id);
        const [next] = faults;
        if (next !== undefined && confirmed.size >= next[0]) {
          faults.shift();
          running.push(next[2]());
        }
      };
      let next = 0;
      const publishers = Array.from({ length: IN_FLIGHT }, async () => {
        for (let n = next++; n < EVENTS + POISON; n = next++) await publishOne(n);
      });
      await Promise.all(publishers);
      await Promise.all(running);
      expect(confirmed.size).toBe(EVENTS);
      expect(faults).toEqual([]);

      await eventually(
        'every event has had its effect',
        async () => {
          const [row] = await query<{ count: string }>(
            database.url,
            'select count(distinct event_id) as count from effects',
          );
          if (Number(row?.count) < EVENTS) throw new Error(`${row?.count} of ${EVENTS}`);
        },
        { timeoutMs: DRAIN_MS, everyMs: 200 },
      );
      const { dead, reason } = await eventually(
        'the queues are empty, and the poison is where it belongs',
        () => inspect(broker.url()),
        { timeoutMs: DRAIN_MS, everyMs: 500 },
      );
      const rows = await query<{ event_id: string }>(database.url, 'select event_id from effects');
      const ids = new Set(rows.map(({ event_id }) => event_id));
      process.stdout.write(
        `${name}: ${confirmed.size} confirmed, ${ids.size} processed, ${rows.length - ids.size} processed twice, ` +
          `${duplicates.count} duplicates suppressed, ${dead} dead-lettered\n`,
      );
      expect([...confirmed].filter((id) => !ids.has(id))).toEqual([]);
      expect(rows.length - ids.size).toBe(0);
      // A poison event may be dead-lettered twice when its consumer dies in between; it is never lost.
      expect(dead).toBeGreaterThanOrEqual(POISON);
      expect(reason).toBe('cannot be processed');
    });
  },
);

interface Broker {
  port: number;
  /** RabbitMQ 3.10 leaves a quorum queue without a leader when it is killed within minutes after its declaration. */
  queueType: 'classic' | 'quorum';
  url(): string;
  /** Kills it with -9, and starts it again on the same port with the same data. */
  restart(): Promise<unknown>;
  stop(): Promise<unknown>;
}

function asBroker(server: TestServer): Broker {
  return {
    port: server.port,
    queueType: 'classic',
    url: () => server.url,
    async restart() {
      await server.kill();
      await server.start();
    },
    stop: () => server.stop(),
  };
}

async function startEmbedded(): Promise<Broker> {
  const [port = 0, managementPort = 0] = await freePorts(2);
  const dataFolder = join(bundle, '..', `data-${port}`);
  await mkdir(dataFolder, { recursive: true });
  let running: BrokerProcess;
  const start = async () => {
    running = embedded.start({ port, managementPort, dataFolder });
    await running.listening;
  };
  await start();
  return {
    port,
    queueType: 'quorum',
    url: () => `amqp://tester:secret-of-the-test@127.0.0.1:${port}/%2F`,
    async restart() {
      await running.kill();
      await start();
    },
    stop: () => running.kill(),
  };
}

async function declare(url: string, type: Broker['queueType']): Promise<void> {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  const declareQueue = (name: string, args: Record<string, unknown> = {}) =>
    channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': type, ...args } });
  for (const exchange of ['qbtc.topic', 'qbtc.dead-letter', 'responses_exchange'])
    await channel.assertExchange(exchange, 'topic');
  await channel.assertExchange('qbtc.retry', 'direct');
  await declareQueue('q_events', { 'x-dead-letter-exchange': 'qbtc.dead-letter' });
  await declareQueue('q_dead_letters');
  await channel.bindQueue('q_events', 'qbtc.topic', 'delivered');
  await channel.bindQueue('q_dead_letters', 'qbtc.dead-letter', '#');
  for (const delay of [100, 500, 2000]) {
    const name = `q_events.retry.${delay}`;
    await declareQueue(name, {
      'x-message-ttl': delay,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'q_events',
    });
    await channel.bindQueue(name, 'qbtc.retry', name);
  }
  await connection.close();
}

/** How many dead letters there are and why the first is one; throws while anything is on its way. */
async function inspect(url: string): Promise<{ dead: number; reason: unknown }> {
  const connection = await amqp.connect(url);
  connection.on('error', () => {});
  try {
    const channel = await connection.createChannel();
    const left: number[] = [];
    for (const queue of ['q_events', ...[100, 500, 2000].map((delay) => `q_events.retry.${delay}`)])
      left.push((await channel.checkQueue(queue)).messageCount);
    const dead = (await channel.checkQueue('q_dead_letters')).messageCount;
    if (left.some((count) => count > 0) || dead < POISON)
      throw new Error(`${left.join(' + ')} left, ${dead} dead-lettered`);
    const letter = await channel.get('q_dead_letters');
    return { dead, reason: letter === false ? undefined : letter.properties.headers?.['x-reason'] };
  } finally {
    await connection.close().catch(() => {});
  }
}

/** A port in front of the broker whose connections can all be cut, as a network does it. */
async function cuttableLine(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    urlFor(url: string) {
      const through = new URL(url);
      through.port = String(own);
      return through.href;
    },
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function startConsumer(name: string, amqpUrl: string, databaseUrl: string, duplicates: { count: number }) {
  let child: ChildProcess;
  const start = () => {
    child = spawn(process.execPath, [bundle], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, NAME: name, AMQP_URL: amqpUrl, DATABASE_URL: databaseUrl },
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      duplicates.count += chunk.toString().split('duplicate\n').length - 1;
    });
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  start();
  return {
    kill,
    async restart() {
      await kill();
      start();
    },
  };
}
