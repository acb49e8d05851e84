import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import amqp from 'amqplib';
import { build } from 'esbuild';
import { connectAmqp } from '../src/system/amqp.ts';
import { applyTopology, planTopology } from '../src/topology/index.ts';
import { createBus } from '../templates/stack/packages/runtime/src/bus/index.ts';
import { compileEventTypes } from '../templates/stack/packages/runtime/src/events.ts';
import { createLog } from '../templates/stack/packages/runtime/src/logging.ts';
import { reachContext } from '../test/support/context.ts';
import { startRabbitMq } from '../test/support/rabbitmq.ts';
import { emptyStack } from '../test/support/stack.ts';
import { type Benchmark, type Figure, figureOf, isGuard } from './guard/figure.ts';
import { memoryOf } from './support/processes.ts';

const SEQUENTIAL = 2_000;
const CONCURRENT = 10_000;
const MESSAGES = 20_000;
const ROUNDS = 3;
const ROUNDS_OF_THE_BUS = 5;
const BODY = Buffer.alloc(1024, 'x');

/** Queues, each with one binding, for plan and apply. */
const QUEUES = 10_000;
/** Messages of 1 KB that lie in one queue, for the memory. */
const QUEUED = 100_000;

interface Figures {
  sequentialP50: number;
  sequentialP99: number;
  roundTrips32: number;
  roundTrips256: number;
  confirmed: number;
}

async function measure(url: string): Promise<Figures> {
  const client = await amqp.connect(url, { noDelay: true });
  const server = await amqp.connect(url, { noDelay: true });
  try {
    const answering = await server.createChannel();
    const { queue: requests } = await answering.assertQueue('', { exclusive: false, autoDelete: true });
    await answering.prefetch(512);
    await answering.consume(requests, (message) => {
      if (message === null) return;
      const { replyTo, correlationId } = message.properties;
      answering.sendToQueue(replyTo, message.content, { correlationId });
      answering.ack(message);
    });
    const asking = await client.createChannel();
    const { queue: replies } = await asking.assertQueue('', { exclusive: true });
    const waiting = new Map<string, () => void>();
    await asking.consume(
      replies,
      (message) => {
        const id = message?.properties.correlationId as string;
        waiting.get(id)?.();
        waiting.delete(id);
      },
      { noAck: true },
    );
    let sent = 0;
    const ask = () =>
      new Promise<void>((resolve) => {
        sent += 1;
        const correlationId = String(sent);
        waiting.set(correlationId, resolve);
        asking.sendToQueue(requests, BODY, { replyTo: replies, correlationId });
      });
    const inFlight = async (count: number, width: number) => {
      let left = count;
      const start = performance.now();
      await Promise.all(
        Array.from({ length: width }, async () => {
          while (left > 0) {
            left -= 1;
            await ask();
          }
        }),
      );
      return count / ((performance.now() - start) / 1000);
    };
    await inFlight(2_000, 32);
    const times: number[] = [];
    for (let round = 0; round < SEQUENTIAL; round += 1) {
      const start = performance.now();
      await ask();
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const percentile = (share: number) => times[Math.floor(times.length * share)] ?? 0;
    return {
      sequentialP50: percentile(0.5),
      sequentialP99: percentile(0.99),
      roundTrips32: await inFlight(CONCURRENT, 32),
      roundTrips256: await inFlight(CONCURRENT, 256),
      confirmed: await publishConfirmConsumeAck(client, server),
    };
  } finally {
    await client.close();
    await server.close();
  }
}

/** Persistent messages of 1 KB into a durable queue, confirmed, consumed and acknowledged; messages a second. */
async function publishConfirmConsumeAck(
  publisher: amqp.ChannelModel,
  consumer: amqp.ChannelModel,
): Promise<number> {
  const queue = `bench-${process.pid}`;
  const publishing = await publisher.createConfirmChannel();
  await publishing.assertQueue(queue, { durable: true });
  const consuming = await consumer.createChannel();
  await consuming.prefetch(256);
  const start = performance.now();
  const consumed = new Promise<void>((resolve) => {
    let left = MESSAGES;
    void consuming.consume(queue, (message) => {
      if (message === null) return;
      consuming.ack(message);
      left -= 1;
      if (left === 0) resolve();
    });
  });
  let outstanding = 0;
  let wake: (() => void) | undefined;
  for (let index = 0; index < MESSAGES; index += 1) {
    outstanding += 1;
    publishing.sendToQueue(queue, BODY, { persistent: true }, () => {
      outstanding -= 1;
      wake?.();
    });
    while (outstanding >= 256)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  await publishing.waitForConfirms();
  await consumed;
  const rate = MESSAGES / ((performance.now() - start) / 1000);
  await publishing.deleteQueue(queue);
  return rate;
}

/** Starts the embedded broker as the program that it is, from its bundle. */
async function startEmbedded(): Promise<{
  url: string;
  managementUrl: string;
  pid: number;
  stop: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-bench-'));
  const program = join(process.cwd(), 'node_modules', '.cache', `qbtc-bench-broker-${process.pid}.mjs`);
  await build({
    entryPoints: ['src/embedded/broker/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile: program,
  });
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      QBTC_EMBEDDED: JSON.stringify({
        host: '127.0.0.1',
        port: 0,
        managementPort: 0,
        user: 'bench',
        password: 'bench',
        vhost: '/',
        dataFolder: join(folder, 'data'),
      }),
    },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { port, managementPort } = await new Promise<{ port: number; managementPort: number }>(
    (resolve, reject) => {
      child.once('exit', () => reject(new Error('the embedded broker did not start')));
      child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(String(line)).context));
    },
  );
  child.stdout.resume();
  return {
    url: `amqp://bench:bench@127.0.0.1:${port}/%2F`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(program, { force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Persistent messages through the bus of the runtime and through bare amqplib, both confirmed, 256 in flight; messages a second. */
async function busBesideAmqplib(url: string, rounds: number): Promise<Figure> {
  const event = compileEventTypes({
    benched: { $id: 'urn:qbtc:event:benched:1', type: 'object', properties: { text: { type: 'string' } } },
  })<{ text: string }>('benched');
  const text = BODY.toString();
  const connection = await amqp.connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  for (const exchange of ['qbtc.topic', 'responses_exchange', 'qbtc.dead-letter'])
    await channel.assertExchange(exchange, 'topic');
  const log = createLog({ service: 'bench', level: 'silent', destination: { write: () => {} } });
  const bus = await createBus({ url, service: 'bench', log });
  for (let left = 100; left > 0; left -= 1) {
    const connected = await bus.check().then(
      () => true,
      () => false,
    );
    if (connected) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const sent = () => event.create({ text }, { source: 'bench', correlationid: 'c' });
  const inFlight = async (publish: () => Promise<void>) => {
    let left = MESSAGES;
    const start = performance.now();
    await Promise.all(
      Array.from({ length: 256 }, async () => {
        while (left > 0) {
          left -= 1;
          await publish();
        }
      }),
    );
    return MESSAGES / ((performance.now() - start) / 1000);
  };
  const rates = { bus: [] as number[], bare: [] as number[] };
  for (let round = 0; round <= rounds; round += 1) {
    for (const queue of ['bus', 'bare']) {
      await channel.assertQueue(queue, { durable: true });
      await channel.bindQueue(queue, 'qbtc.topic', queue);
    }
    // The same message, checked and written by both: what the bus adds is what is compared.
    const bare = await inFlight(
      () =>
        new Promise<void>((resolve, reject) => {
          const one = sent();
          channel.publish(
            'qbtc.topic',
            'bare',
            event.encode(one),
            {
              persistent: true,
              mandatory: true,
              messageId: one.id,
              correlationId: one.correlationid,
              type: one.type,
              appId: 'bench',
              contentType: 'application/cloudevents+json',
            },
            (error) => (error ? reject(error) : resolve()),
          );
        }),
    );
    const through = await inFlight(() =>
      bus.publish(event, sent(), { exchange: 'qbtc.topic', routingKey: 'bus' }),
    );
    rates.bus.push(through);
    rates.bare.push(bare);
    for (const queue of ['bus', 'bare']) await channel.deleteQueue(queue);
  }
  await bus.close();
  await connection.close();
  // The first warms up.
  return figureOf({
    ...{ name: "messages/s through the runtime's bus, confirmed", unit: '/s', better: 'higher' },
    values: rates.bus.slice(1),
    peer: { name: 'bare amqplib', values: rates.bare.slice(1) },
  });
}

/** Seconds for the first apply, and for a plan that finds nothing. */
async function topologyOf(
  managementUrl: string,
  user: string,
  password: string,
): Promise<{ apply: number; plan: number }> {
  const root = await mkdtemp(join(tmpdir(), 'qbtc-bench-'));
  const file = join(root, 'topology.yaml');
  const names = Array.from({ length: QUEUES }, (_, index) => `q-${index}`);
  await writeFile(
    file,
    `exchanges: [{ name: in, type: direct }]\nqueues:\n${names.map((name) => `  - { name: ${name} }\n`).join('')}bindings:\n${names
      .map((name) => `  - { source: in, destination: ${name}, routing_key: ${name} }\n`)
      .join('')}`,
  );
  const endpoint = { url: '', host: '127.0.0.1', port: 0, managementUrl, user, password, vhost: 'bench' };
  const stack = emptyStack(root, {
    topologyFiles: [file],
    resources: [{ name: 'broker', kind: 'rabbitmq', ports: {}, endpoint }],
  });
  const context = { ...reachContext(), amqp: connectAmqp };
  const time = async (work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / 1000;
  };
  const apply = await time(async () => {
    const outcomes = await applyTopology(context, stack, await planTopology(context, stack));
    const failed = outcomes.find(({ status }) => status !== 'done');
    if (failed !== undefined) throw new Error(`${failed.change.name}: ${failed.reason}`);
  });
  const plan = await time(async () => {
    const { changes } = await planTopology(context, stack);
    if (changes.length > 0) throw new Error('the second plan is not empty');
  });
  await rm(root, { recursive: true, force: true });
  return { apply, plan };
}

/** Resident megabytes of a process before and after 100,000 messages of 1 KB lie in one queue. */
async function memoryWhenFilled(pid: number, url: string): Promise<{ before: number; after: number }> {
  const before = memoryOf([pid]).resident;
  const connection = await amqp.connect(url, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('heap', { durable: true });
  for (let index = 0; index < QUEUED; index += 1) {
    channel.sendToQueue('heap', BODY, { persistent: true });
    if (index % 1000 === 999) await channel.waitForConfirms();
  }
  const after = memoryOf([pid]).resident;
  await channel.deleteQueue('heap');
  await connection.close();
  return { before, after };
}

const WORK: readonly [keyof Figures, string, Pick<Figure, 'unit' | 'better'>][] = [
  ['sequentialP50', 'round trip alone, p50', { unit: 'ms', better: 'lower' }],
  ['sequentialP99', 'round trip alone, p99', { unit: 'ms', better: 'lower' }],
  ['roundTrips32', 'round trips, 32 in flight', { unit: '/s', better: 'higher' }],
  ['roundTrips256', 'round trips, 256 in flight', { unit: '/s', better: 'higher' }],
  ['confirmed', 'publish, confirm, consume, ack, 1 KB on disk', { unit: '/s', better: 'higher' }],
];

type RabbitMq = Exclude<Awaited<ReturnType<typeof startRabbitMq>>, { unavailable: string }>;

/** The same work by the same client, in turn. */
async function besideRabbitMq(
  url: string,
  rabbitmq: RabbitMq | undefined,
  rounds: number,
): Promise<Figure[]> {
  const ours: Figures[] = [];
  const theirs: Figures[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measure(url));
    if (rabbitmq !== undefined) theirs.push(await measure(rabbitmq.amqpUrl));
  }
  return WORK.map(([key, name, how]) =>
    figureOf({
      ...{ ...how, name, values: ours.map((each) => each[key]) },
      ...(rabbitmq === undefined
        ? {}
        : { peer: { name: 'RabbitMQ', values: theirs.map((each) => each[key]) } }),
    }),
  );
}

async function topologies(managementUrl: string, rabbitmq: RabbitMq | undefined): Promise<Figure[]> {
  const ours = await topologyOf(managementUrl, 'bench', 'bench');
  const theirs =
    rabbitmq === undefined
      ? undefined
      : await topologyOf(rabbitmq.managementUrl, rabbitmq.user, rabbitmq.password);
  const many = QUEUES.toLocaleString('en');
  const figure = (name: string, key: keyof typeof ours) =>
    figureOf({
      ...{ name, unit: 's', better: 'lower', values: [ours[key]] },
      ...(theirs === undefined ? {} : { peer: { name: 'RabbitMQ', values: [theirs[key]] } }),
    });
  return [
    figure(`topology apply of ${many} queues and bindings`, 'apply'),
    figure('topology plan after it', 'plan'),
  ];
}

async function memories(): Promise<Figure[]> {
  const fresh = await startEmbedded();
  try {
    const { before, after } = await memoryWhenFilled(fresh.pid, fresh.url);
    const resident = { unit: 'MB', better: 'lower' } as const;
    return [
      { ...resident, name: 'resident with nothing queued', value: before },
      { ...resident, name: `resident with ${QUEUED.toLocaleString('en')} messages of 1 KB`, value: after },
    ];
  } finally {
    await fresh.stop();
  }
}

export const benchmark: Benchmark = {
  about: 'The embedded broker with its data on disk beside a real RabbitMQ, the same work with amqplib.',
  async measure(extent) {
    const { rounds, short = false } = extent;
    const embedded = await startEmbedded();
    const started = await startRabbitMq();
    const rabbitmq = 'unavailable' in started ? undefined : started;
    try {
      const figures = [
        ...(await besideRabbitMq(embedded.url, rabbitmq, short ? 1 : (rounds ?? ROUNDS))),
        await busBesideAmqplib(embedded.url, short ? 1 : (rounds ?? ROUNDS_OF_THE_BUS)),
      ];
      if (!short) figures.push(...(await topologies(embedded.managementUrl, rabbitmq)));
      if (!isGuard(extent)) figures.push(...(await memories()));
      return 'unavailable' in started
        ? { figures, notes: [`RabbitMQ is left out: ${started.unavailable}.`] }
        : { figures };
    } finally {
      await embedded.stop();
      await rabbitmq?.stop();
    }
  },
};
