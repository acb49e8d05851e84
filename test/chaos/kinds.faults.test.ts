import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { faultNamed, inject, readJournal, undo } from '../../src/chaos/index.ts';
import type { Context } from '../../src/context.ts';
import { FAULT_KIND_NAMES, type FaultOptions } from '../../src/model/chaos.ts';
import type { Stack } from '../../src/model/stack.ts';
import { observeResources } from '../../src/observe/resources.ts';
import { readHolds } from '../../src/state/index.ts';
import { createContext } from '../../src/system/index.ts';
import { newCoreStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { CHECKOUT, qbtc } from '../support/qbtc.ts';
import { quietContext } from '../support/quiet-context.ts';

let root = '';
let takeDown = async () => {};
let context: Context;
let stack: Stack;
const tried = new Set<string>();

beforeAll(async () => {
  [root, takeDown] = await newCoreStack('kinds');
  expect((await qbtc(['up'], root)).code).toBe(0);
  const installation = { root: CHECKOUT, version: '0.1.0' };
  const { signal } = new AbortController();
  context = { ...createContext(process, installation, signal, false), io: quietContext().io };
  stack = await openStackAt(root);
});
afterAll(() => takeDown());

const url = (name: string) => stack.resources.find((each) => each.name === name)?.endpoint.url ?? '';
const stateOf = async (name: string) =>
  (await observeResources(context, stack)).resources.find((part) => part.name === name)?.state;
/** The quickest of some tries: a machine that is busy for a moment makes nothing quicker. */
const quickest = async (work: () => Promise<unknown>) => {
  const times: number[] = [];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return Math.min(...times);
};
const onCache = async <Value>(...command: [string, ...(string | number)[]]): Promise<Value> => {
  const redis = await context.redis(url('cache'), { timeoutMs: 5_000 });
  try {
    return (await redis.command(...command)) as Value;
  } finally {
    await redis.close();
  }
};
const depthOf = async (queue: string) => {
  const connection = await context.amqp(url('broker'), { timeoutMs: 5_000, name: 'test' });
  try {
    return (await connection.inspectQueue(queue))?.messages ?? -1;
  } finally {
    await connection.close();
  }
};
const untilWell = async () => {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { resources } = await observeResources(context, stack);
    if (resources.every(({ state }) => state === 'active')) return;
    if (Date.now() > deadline)
      throw new Error(JSON.stringify(resources.map(({ name, state }) => [name, state])));
    await context.clock.sleep(100);
  }
};
const strike = async (name: string, options: FaultOptions = {}) => {
  const fault = await faultNamed(stack, name, { held: true, ...options });
  tried.add(fault.kind);
  await inject(context, stack, fault);
  expect((await readJournal(root)).map((each) => each.name)).toEqual([name]);
};

afterEach(async () => {
  expect((await undo(context, stack, [])).filter(({ status }) => status === 'failed')).toEqual([]);
  expect([await readJournal(root), await readHolds(root)]).toEqual([[], []]);
  await untilWell();
});

test('down: it does not run, and nothing of ours starts it', async () => {
  await strike('quantum-core-down');
  expect((await qbtc(['restart', 'quantum-core'], root)).code).toBe(2);
  expect(await stateOf('quantum-core')).toBe('stopped');
});

test('kill: held, the supervisor does not bring it back', async () => {
  await strike('database-kill');
  await context.clock.sleep(1_500);
  expect(await stateOf('database')).toBe('stopped');
});

test('pause: it answers nobody', async () => {
  await strike('llm-api-pause');
  expect(await stateOf('llm-api')).toBe('unhealthy');
});

test('slow: what takes a moment takes the latency there and back', async () => {
  expect(await quickest(() => onCache('PING'))).toBeLessThan(490);
  await strike('cache-slow', { latencyMs: 250 });
  expect(await quickest(() => onCache('PING'))).toBeGreaterThan(490);
});

test('cut: every connection is reset, and the part runs', async () => {
  await strike('database-cut');
  await expect(context.sql(url('database'), { timeoutMs: 3_000 })).rejects.toThrow();
});

test('flood: the queue is full of what nobody can read, and as it was afterwards', async () => {
  const before = await depthOf('q_web_ui_updates');
  await strike('q_web_ui_updates-flood', { count: 700 });
  expect(await depthOf('q_web_ui_updates')).toBeGreaterThanOrEqual(before + 700);
  await undo(context, stack, []);
  expect(await depthOf('q_web_ui_updates')).toBeLessThan(before + 100);
});

test('expire: the keys are gone, and come back with the time that they had left', async () => {
  await onCache('SET', 'chaos:text', 'kept', 'PX', 600_000);
  await onCache('HSET', 'chaos:hash', 'field', 'value');
  await strike('cache-expire', { key: 'chaos:*' });
  await context.clock.sleep(20);
  expect(await onCache('EXISTS', 'chaos:text')).toBe(0);
  await undo(context, stack, []);
  expect(await onCache('GET', 'chaos:text')).toBe('kept');
  expect(await onCache<number>('PTTL', 'chaos:text')).toBeGreaterThan(500_000);
  expect(await onCache('HGET', 'chaos:hash', 'field')).toBe('value');
});

test('corrupt: the route matches nothing, and is put back', async () => {
  const ask = async () =>
    (
      await context.http(`${url('gateway').replace(/\/$/, '')}/v1/chat/completions`, {
        method: 'POST',
        timeoutMs: 5_000,
      })
    ).status;
  expect(await ask()).toBe(401);
  await strike('llm-chat-corrupt');
  expect(await ask()).toBe(404);
  await undo(context, stack, []);
  expect(await ask()).toBe(401);
});

test('each kind was tried', () => {
  expect([...tried].toSorted()).toEqual([...FAULT_KIND_NAMES].toSorted());
});
