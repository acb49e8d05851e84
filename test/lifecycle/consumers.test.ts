import { expect, test } from 'vitest';
import { readConsumers } from '../../src/config/consumers.ts';
import { addConsumer, rotateConsumer } from '../../src/lifecycle/consumers.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

test('a stack without a gateway is given no key that opens nothing', async () => {
  const stack = emptyStack(await temporaryFolder());
  const context = quietContext();
  const refused = { code: 'GATEWAY_NOT_DECLARED', hint: expect.stringContaining('apisix') };
  await expect(addConsumer(context, stack, 'alice', {})).rejects.toMatchObject(refused);
  await expect(rotateConsumer(context, stack, 'alice', { overlap: false })).rejects.toMatchObject(refused);
  expect(await readConsumers(stack.root)).toEqual([]);
});
