import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { whereTrue, withName } from '../../../src/scaffold/service/text.ts';

test('a name stands in the spelling of the place', () => {
  const all = 'your-service your_service yourService YourService YOUR_SERVICE q_your_service_task';
  expect(withName(all, 'order-mailer')).toBe(
    'order-mailer order_mailer orderMailer OrderMailer ORDER_MAILER q_order_mailer_task',
  );
  expect(withName(all, 'a_2')).toBe('a_2 a_2 a2 A2 A_2 q_a_2_task');
  expect(withName('yours, a service', 'billing')).toBe('yours, a service');
});

const YAML = `
always: 1
list:
  - a #? one
  - b #? !one
  # only with one #? one
deep: #? two
  - below: 1

    more: 2
  - below: 3
after: { x: "#? one" } # said
last: 1 #? two`;

test('what a stack does not have is left out, with all that is below it', () => {
  expect(whereTrue(YAML, { one: true, two: false })).toBe(`
always: 1
list:
  - a
  # only with one
after: { x: "#? one" } # said`);
  expect(parse(whereTrue(YAML, { two: true }))).toEqual({
    always: 1,
    list: ['b'],
    deep: [{ below: 1, more: 2 }, { below: 3 }],
    after: { x: '#? one' },
    last: 1,
  });
});

test('a text without conditions stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('#?')),
      (text) => {
        expect(whereTrue(text, {})).toBe(text);
      },
    ),
  );
});
