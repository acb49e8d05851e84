import { expect, test } from 'vitest';
import type { Resource } from '../../src/model/resource.ts';
import { observeMetrics } from '../../src/observe/metrics.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

test('each cache and each database is measured for itself, in the order of qbtc.yaml', async () => {
  const ports = await freePorts(5);
  const resource = (name: string, kind: 'postgres' | 'redis', at: number): Resource => {
    const port = ports[at] ?? 0;
    const scheme = kind === 'redis' ? 'redis' : 'postgres';
    const endpoint = { url: `${scheme}://127.0.0.1:${port}/x`, host: '127.0.0.1', port };
    return { name, kind, ports: { main: port }, endpoint };
  };
  const stack = emptyStack('/stack', {
    resources: [
      resource('orders', 'postgres', 0),
      resource('cache', 'redis', 1),
      resource('reports', 'postgres', 2),
      resource('sessions', 'redis', 3),
      resource('audit', 'postgres', 4),
    ],
  });
  const { databases, caches, broker, gateway } = await observeMetrics(quietContext(), stack);
  expect(databases.map((each) => each.resource)).toEqual(['orders', 'reports', 'audit']);
  expect(caches.map((each) => each.resource)).toEqual(['cache', 'sessions']);
  // Each has a reason of its own: that one is away says nothing of the others.
  for (const [index, each] of databases.entries())
    expect(each).toMatchObject({
      measured: false,
      reason: expect.stringContaining(String(ports[index * 2])),
    });
  expect(broker).toMatchObject({ measured: false, reason: expect.stringContaining('declares no broker') });
  expect(gateway).toMatchObject({ measured: false, reason: expect.stringContaining('declares no gateway') });
});

test('a stack without any has none', async () => {
  expect(await observeMetrics(quietContext(), emptyStack('/stack'))).toMatchObject({
    caches: [],
    databases: [],
  });
});
