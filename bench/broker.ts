import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import amqp from 'amqplib';
import { build } from 'esbuild';
import { startRabbitMq } from '../test/support/rabbitmq.ts';

/**
 * The embedded broker beside a real RabbitMQ: the same work, by the same client, in one run.
 *
 *   npm run bench -- broker
 */

const SEQUENTIAL = 2_000;
const CONCURRENT = 10_000;
const MESSAGES = 20_000;
const BODY = Buffer.alloc(1024, 'x');

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
async function startEmbedded(): Promise<{ url: string; stop: () => Promise<void> }> {
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
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the embedded broker did not start')));
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(String(line)).context.port));
  });
  child.stdout.resume();
  return {
    url: `amqp://bench:bench@127.0.0.1:${port}/%2F`,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(program, { force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const embedded = await startEmbedded();
const ours = await measure(embedded.url).finally(() => embedded.stop());
const rabbitmq = await startRabbitMq();
const theirs =
  'unavailable' in rabbitmq ? undefined : await measure(rabbitmq.amqpUrl).finally(() => rabbitmq.stop());
if ('unavailable' in rabbitmq) process.stdout.write(`RabbitMQ left out: ${rabbitmq.unavailable}\n`);

const rows: [keyof Figures, string, 'less' | 'more'][] = [
  ['sequentialP50', 'round trip alone, p50, ms', 'less'],
  ['sequentialP99', 'round trip alone, p99, ms', 'less'],
  ['roundTrips32', 'round trips/s, 32 in flight', 'more'],
  ['roundTrips256', 'round trips/s, 256 in flight', 'more'],
  ['confirmed', 'publish+confirm+consume+ack/s, 1 KB persistent', 'more'],
];
const format = (value: number) => (value < 100 ? value.toFixed(3) : value.toFixed(0)).padStart(10);
process.stdout.write(`${''.padEnd(48)}${'embedded'.padStart(10)}${'rabbitmq'.padStart(10)}     ahead\n`);
for (const [key, label, better] of rows) {
  const mine = ours[key];
  const other = theirs?.[key];
  const ratio = other === undefined ? undefined : better === 'less' ? other / mine : mine / other;
  process.stdout.write(
    `${label.padEnd(48)}${format(mine)}${other === undefined ? '         -' : format(other)}` +
      `${ratio === undefined ? '' : `   ${ratio.toFixed(2)} x`}\n`,
  );
}
