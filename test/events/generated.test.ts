import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contractTypes } from '../../src/events/index.ts';
import { CHECKOUT } from '../support/qbtc.ts';
import { emptyStack } from '../support/stack.ts';

const STACK = join(CHECKOUT, 'templates/stack');
const TRADING = join(CHECKOUT, 'templates/addons/trading/services/trading-hft');
const CONSUMER = join(CHECKOUT, 'templates/services/runtime/consumer-ts');

// `npm run schema` lets it write the files.
test.each([
  ['the stack', join(STACK, 'event-schemas'), join(STACK, 'packages/contracts/src/events.ts')],
  ['the trading add-on', join(TRADING, 'event-schemas'), join(TRADING, 'src/contracts/events.ts')],
  ['a new consumer', join(CONSUMER, 'event-schemas'), join(CONSUMER, 'src/contracts/events.ts')],
])('the types and destinations of %s are as its contracts say', async (_, folder, file) => {
  const contractFolders = [STACK, TRADING, CONSUMER].map((each) => join(each, 'event-schemas'));
  const text = await contractTypes(emptyStack(STACK, { contractFolders }), folder);
  await expect(text, 'out of date: run "npm run schema"').toMatchFileSnapshot(file);
});
