import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { destinationsOf, readContracts, validateSchemas } from '../../src/events/index.ts';
import { checkContracts, checkTopology, desiredOf } from '../../src/topology/index.ts';
import { openStackAt } from '../support/open-stack.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const TEMPLATES = new URL('../../templates/', import.meta.url).pathname;

test.each([
  ['the core', ['stack']],
  ['the core with trading', ['stack', 'addons/trading']],
])('the check finds nothing in a stack that nobody has touched: %s', async (_, layers) => {
  const root = join(await temporaryFolder(), 'shop');
  for (const layer of layers)
    await cp(join(TEMPLATES, layer), root, {
      recursive: true,
      filter: (file) =>
        !['node_modules', 'test', 'dist'].includes(basename(file)) &&
        // Of code only the entries, which must be there.
        (!file.includes('/src/') || !file.endsWith('.ts') || basename(file) === 'main.ts'),
    });
  const stack = await openStackAt(root);
  const { topology } = await desiredOf(stack);
  expect(topology.queues.length).toBeGreaterThan(10);
  expect(checkTopology(topology, stack)).toEqual([]);
  const contracts = await readContracts(stack);
  expect(validateSchemas(contracts, root)).toEqual([]);
  expect(checkContracts(destinationsOf(contracts, root), topology, stack)).toEqual([]);
});
