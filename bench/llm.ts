import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { type Dispatcher, Pool, request } from 'undici';
import { type Benchmark, type Figure, isGuard, median, quantile } from './guard/figure.ts';
import { besidePeer } from './support/in-turn.ts';
import { processorTime } from './support/processes.ts';
import { type Ask, asker, inFlight } from './support/requests.ts';
import { type BenchStack, benchStack, memoryOfStack, type Part, partsOf } from './support/stack.ts';

const ALONE = 300;
const TOGETHER = 2_000;
const MANY = 10_000;
const WARM_UP = 200;
const IN_FLIGHT = 32;
const ROUNDS = 3;
const ROUNDS_OF_TRACING = 6;

const [, file = '', role, url = ''] = process.argv;
const CHAIN: Record<string, () => Promise<void>> = { proxy, api, core };

export const benchmark: Benchmark = {
  about: `One chat request through gateway, llm-api, broker, quantum-core and back, beside a bare chain of the same hops over the same broker that forwards and does nothing else: no key, no limit, no schema, no row, no cache, no log. Each request has a text of its own. ${ALONE} requests one after the other and ${TOGETHER} at ${IN_FLIGHT} in flight, in turn.`,
  async playsRole() {
    const work = role === undefined ? undefined : CHAIN[role];
    await work?.();
    return work !== undefined;
  },
  async measure(extent) {
    // A service gets what it is told here when the stack is brought up again.
    const env: Record<string, string> = { TRACE_RESERVOIR: '0', TRACE_RATIO: '0.1' };
    const stack = await benchStack({ env });
    const ends: (() => void)[] = [];
    try {
      stack.qbtc('up');
      const { resources, secrets } = await stack.open();
      const endpoint = (kind: string) =>
        resources.find((resource) => resource.kind === kind)?.endpoint.url ?? '';
      const headers = {
        authorization: `Bearer ${secrets['test-api-key']}`,
        'content-type': 'application/json',
      };
      const target = `${endpoint('apisix')}/v1/chat/completions`;
      const flow = asker(target, { headers, connections: IN_FLIGHT, question });
      const chain = await startChain(endpoint('rabbitmq'), ends);
      const parts = partsOf(stack);
      // The broker works for both; each is idle while the other is asked.
      const pids = [...parts.map(({ pid }) => pid), ...chain.pids];
      const figures = await besidePeer(
        { ask: flow, pids },
        { ask: chain.ask, pids, name: 'the bare chain', aims: { p50: 2, rate: 0.5, cost: 3 } },
        {
          ...{ rounds: extent.rounds ?? ROUNDS, warmUp: WARM_UP },
          ...{ alone: ALONE, together: TOGETHER, inFlight: IN_FLIGHT },
        },
      );
      if (isGuard(extent)) return { figures };
      figures.push(...(await costOfParts(flow, parts)));
      const first = await firstChunks(target, headers);
      const ms = { unit: 'ms', better: 'lower' } as const;
      figures.push(
        { ...ms, name: 'first streamed chunk, p50', value: quantile(first, 0.5) },
        { ...ms, name: 'first streamed chunk, p99', value: quantile(first, 0.99) },
        ...(await memories(stack, flow)),
        {
          ...{ name: 'tracing 10 % of the requests, of the throughput', unit: '%', better: 'lower' },
          ...{ value: await tracingCost(stack, env, flow), aim: { value: 5 } },
        },
      );
      for (const name of ['llm-api', 'quantum-core', 'platform-api']) {
        const value = median(await starts(stack, name));
        figures.push({ ...ms, name: `${name}: healthy after its start`, value, aim: { value: 500 } });
      }
      return { figures };
    } finally {
      for (const end of ends.reverse()) end();
      stack.remove();
    }
  },
};

async function costOfParts(flow: Ask, parts: readonly Part[]): Promise<Figure[]> {
  const used = () => parts.map(({ name, pid }) => [name, processorTime([pid])] as const);
  const earlier = new Map(used());
  await together(flow, TOGETHER);
  return used().map(([name, seconds]) => ({
    ...{ name: `processor time a request in ${name}`, unit: 'µs', better: 'lower' },
    value: ((seconds - (earlier.get(name) ?? 0)) / TOGETHER) * 1e6,
  }));
}

/** Of each part and of the whole stack, before and after many requests. */
async function memories(stack: BenchStack, flow: Ask): Promise<Figure[]> {
  const before = await memoryOfStack(stack);
  await together(flow, MANY);
  const after = await memoryOfStack(stack);
  const many = `after ${MANY.toLocaleString('en')} more requests`;
  const pairs = [...after.parts].map(
    ([name, memory]) => [name, before.parts.get(name) ?? memory, memory] as const,
  );
  return [...pairs, ['the whole stack', before.whole, after.whole] as const].flatMap(([name, first, last]) =>
    (['resident', 'proportional'] as const).map(
      (kind): Figure => ({
        ...{ name: `${name}: ${kind} ${many}`, value: last[kind], unit: 'MB', better: 'lower' },
        peer: { name: 'before', value: first[kind] },
        ...(name === 'the whole stack' && kind === 'proportional' ? { aim: { value: 330 } } : {}),
      }),
    ),
  );
}

function question(index: number, more: object = {}): string {
  const content = `Request ${index}. The gateway checks keys. The broker keeps events. What does the broker do?`;
  return JSON.stringify({ model: 'qbtc-offline', messages: [{ role: 'user', content }], ...more });
}

const together = (ask: Ask, requests: number) => inFlight(ask, { requests, inFlight: IN_FLIGHT });

async function firstChunks(target: string, headers: Record<string, string>): Promise<number[]> {
  const durations: number[] = [];
  for (let count = 0; count < 300; count += 1) {
    const before = performance.now();
    const { body } = await request(target, {
      method: 'POST',
      headers,
      body: question(-count, { stream: true }),
    });
    for await (const _ of body) {
      durations.push(performance.now() - before);
      break;
    }
  }
  return durations;
}

/**
 * How much of the throughput is lost, in per cent: the median of what rounds with and without say, one after the other, the
 * other first each time. Services are started anew for each: they get the requests that it takes to be as fast as they are.
 */
async function tracingCost(stack: BenchStack, env: Record<string, string>, flow: Ask): Promise<number> {
  const rateAt = async (ratio: string) => {
    env.TRACE_RATIO = ratio;
    stack.qbtc('up');
    await together(flow, TOGETHER);
    return together(flow, TOGETHER);
  };
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS_OF_TRACING; round += 1) {
    const order = round % 2 === 0 ? ['0', '0.1'] : ['0.1', '0'];
    const rates = new Map<string, number>();
    for (const ratio of order) rates.set(ratio, await rateAt(ratio));
    shares.push((rates.get('0.1') ?? 0) / (rates.get('0') ?? 1));
  }
  return (1 - median(shares)) * 100;
}

/** Milliseconds from the start of the process to its first healthy answer. */
async function starts(stack: BenchStack, name: string): Promise<number[]> {
  const { services } = await stack.open();
  const service = services.find((each) => each.name === name);
  const builds = join(stack.root, '.qbtc', 'build');
  const bundle = readdirSync(builds).find((entry) => entry.startsWith(name) && entry.endsWith('.cjs')) ?? '';
  const port = 19_700;
  const durations: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const before = performance.now();
    const child = spawn(process.execPath, [join(builds, bundle)], {
      env: {
        ...service?.env,
        NODE_ENV: 'production',
        SERVICE_NAME: name,
        PORT: String(port),
        HOST: '127.0.0.1',
      },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    for (;;) {
      const status = await fetch(`http://127.0.0.1:${port}/health`).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 200) break;
      await sleep(2);
    }
    durations.push(performance.now() - before);
    child.kill('SIGTERM');
    await ended;
  }
  return durations;
}

/** Three processes beside the broker: a proxy, an API that asks over the bus, a core that answers. */
async function startChain(broker: string, ends: (() => void)[]): Promise<{ ask: Ask; pids: number[] }> {
  const pids: number[] = [];
  for (const [part, target] of [
    ['core', broker],
    ['api', broker],
    ['proxy', 'http://127.0.0.1:19801'],
  ] as const) {
    const child = spawn(process.execPath, [file, part, target], { stdio: ['ignore', 'pipe', 'inherit'] });
    ends.push(() => child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    pids.push(child.pid as number);
  }
  return { ask: asker('http://127.0.0.1:19800/', { connections: IN_FLIGHT, question }), pids };
}

async function proxy(): Promise<void> {
  const upstream = new Pool(url, { connections: 64 });
  createServer((incoming, outgoing) => {
    upstream
      .stream(
        { path: '/', method: (incoming.method ?? 'GET') as Dispatcher.HttpMethod, body: incoming },
        ({ statusCode }) => outgoing.writeHead(statusCode, { 'content-type': 'application/json' }),
      )
      .catch((error: Error) => outgoing.destroy(error));
  }).listen(19_800, '127.0.0.1', () => process.stdout.write('ready\n'));
}

async function api(): Promise<void> {
  const channel = await (await connect(url, { noDelay: true })).createConfirmChannel();
  const { queue: replyTo } = await channel.assertQueue('', { exclusive: true });
  const waiting = new Map<string, (content: Buffer) => void>();
  await channel.consume(
    replyTo,
    (message) => {
      const id = String(message?.properties.correlationId);
      if (message !== null) waiting.get(id)?.(message.content);
      waiting.delete(id);
    },
    { noAck: true },
  );
  let next = 0;
  createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      next += 1;
      const correlationId = String(next);
      waiting.set(correlationId, (content) =>
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end(content),
      );
      channel.publish('', 'bench-chain', Buffer.concat(chunks), { correlationId, replyTo, persistent: true });
    });
  }).listen(19_801, '127.0.0.1', () => process.stdout.write('ready\n'));
}

async function core(): Promise<void> {
  const channel = await (await connect(url, { noDelay: true })).createConfirmChannel();
  await channel.assertQueue('bench-chain', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.prefetch(IN_FLIGHT);
  const answer = Buffer.from(JSON.stringify({ object: 'chat.completion', content: 'x'.repeat(512) }));
  await channel.consume('bench-chain', (message) => {
    if (message === null) return;
    const { replyTo, correlationId } = message.properties;
    channel.sendToQueue(String(replyTo), answer, { correlationId: String(correlationId) });
    channel.ack(message);
  });
  process.stdout.write('ready\n');
}
