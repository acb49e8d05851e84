import { cp, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { graphOfStack } from '../../src/lifecycle/graph.ts';
import type { GraphFormat } from '../../src/model/graph.ts';
import { createReporter } from '../report/reporter.ts';
import { openStackAt } from '../support/open-stack.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const TEMPLATE = new URL('../../templates/stack', import.meta.url).pathname;

async function template() {
  const root = join(await temporaryFolder(), 'shop');
  await cp(TEMPLATE, root, {
    recursive: true,
    filter: (file) =>
      !['node_modules', 'test', 'dist'].includes(basename(file)) &&
      // Of code only the entries, which must be there.
      (!file.includes('/src/') || !file.endsWith('.ts') || basename(file) === 'main.ts'),
  });
  return graphOfStack(await openStackAt(root));
}

const shown = async (format: GraphFormat) =>
  createReporter('terminal', { width: 80, color: false, verbose: false })({
    kind: 'graph',
    format,
    ...(await template()),
  });

test('holds each declared thing once, and edges between them only', async () => {
  const { nodes, edges } = await template();
  const ids = nodes.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { from, to } of edges) expect(ids).toEqual(expect.arrayContaining([from, to]));
  expect(edges).toEqual(
    expect.arrayContaining([
      { from: 'service:llm-api', to: 'exchange:qbtc.topic', kind: 'publishes', label: 'llm.request' },
      { from: 'queue:q_llm_requests', to: 'service:quantum-core', kind: 'delivers', label: '' },
      { from: 'service:llm-api', to: 'resource:broker', kind: 'needs', label: '' },
    ]),
  );
});

test('as text it stays within 80 columns and names who takes an event from whom', async () => {
  const text = await shown('text');
  for (const line of text.split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
  expect(text).toContain('q_llm_requests ← llm.request (qbtc.topic)');
});

test('as Mermaid and DOT it draws each node and each edge', async () => {
  const { nodes, edges } = await template();
  const flowchart = (await shown('mermaid')).split('\n');
  expect(flowchart).toHaveLength(1 + nodes.length + edges.length);
  expect(flowchart[0]).toBe('flowchart LR');
  const digraph = (await shown('dot')).split('\n');
  expect(digraph).toHaveLength(3 + nodes.length + edges.length);
  expect(digraph).toContain('  "service:llm-api" -> "exchange:qbtc.topic" [label="llm.request"];');
});

test('what a service declares by itself is part of it', async () => {
  const root = await temporaryFolder();
  await writeFile(
    join(root, 'qbtc.yaml'),
    `version: 1
name: shop
infrastructure: { mq: { kind: rabbitmq } }
events: { exchange: shop, envelope: none }
services:
  worker: { command: [node, a.mjs], events: { resource: mq, consumes: [orders], publishes: [paid], declares: true } }
  api: { command: [node, a.mjs], events: { resource: mq, publishes: [created] } }
`,
  );
  const graph = await graphOfStack(await openStackAt(root));
  const { nodes, edges } = graph;
  const text = createReporter('terminal', { width: 80, color: false, verbose: false })({
    kind: 'graph',
    format: 'text',
    ...graph,
  });
  expect(text).toMatch(/orders/);
  expect(text).not.toMatch(/[ \t]\n/);
  expect(nodes.map(({ id }) => id)).toEqual([
    'service:worker',
    'service:api',
    'resource:mq',
    'exchange:shop',
    'queue:orders',
  ]);
  expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
    'service:worker exchange:shop',
    'queue:orders service:worker',
    'service:api exchange:shop',
  ]);
});
