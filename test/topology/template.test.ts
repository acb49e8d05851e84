import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkTopology, desiredOf } from '../../src/topology/index.ts';
import { openStackAt } from '../support/open-stack.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const TEMPLATE = new URL('../../templates/stack/', import.meta.url).pathname;

test('the check finds nothing in a stack that nobody has touched', async () => {
  const root = join(await temporaryFolder(), 'shop');
  await cp(TEMPLATE, root, {
    recursive: true,
    filter: (file) => !['node_modules', 'test', 'dist'].includes(basename(file)),
  });
  const stack = await openStackAt(root);
  const { topology } = await desiredOf(stack);
  expect(topology.queues.length).toBeGreaterThan(10);
  expect(checkTopology(topology, stack)).toEqual([]);
});
