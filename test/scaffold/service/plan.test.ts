import { expect, test } from 'vitest';
import { planService } from '../../../src/scaffold/service/plan.ts';
import type { Surroundings } from '../../../src/scaffold/service/surroundings.ts';
import { CHECKOUT } from '../../support/qbtc.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

test.each([
  ['shop.events', 'shop.events'],
  // What would be no plain text there is left to the user.
  ["it's", 'qbtc.topic'],
  ['', 'qbtc.topic'],
])('a consumer on the runtime speaks to the exchange of the stack: %s', async (exchange, written) => {
  const around: Surroundings = {
    resources: { rabbitmq: 'broker' },
    exchange,
    cloudevents: true,
    accounts: true,
    key: undefined,
    runtime: '@shop/runtime',
    workspaces: [],
    include: undefined,
  };
  const wanted = { name: 'bill', kind: 'consumer', language: 'ts', port: 8700 } as const;
  const root = await temporaryFolder();
  const { texts } = await planService({ installation: CHECKOUT, root }, wanted, around);
  expect(texts.get('topology.yaml')).toContain(`source: ${written},`);
  expect(texts.get('src/contracts/events.ts')).toContain(`exchange: '${written}'`);
});
