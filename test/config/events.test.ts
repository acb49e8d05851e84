import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadStack } from '../../src/config/load.ts';
import { QbtcError } from '../../src/errors.ts';
import type { Stack } from '../../src/model/stack.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { VERSION } from './sample.ts';

/** A stack with these lines at the top, and a service with these events. */
async function load(top: string, events = ''): Promise<Stack> {
  const root = await temporaryFolder();
  const file = join(root, 'qbtc.yaml');
  await writeFile(
    file,
    `version: 1
name: small
infrastructure: { broker: { kind: rabbitmq } }
services: { one: { command: [node, a.mjs], events: { resource: broker${events} } } }
${top}
`,
  );
  const secrets = { 'broker-password': 'p4ss-of-the-broker', 'one-broker-password': 'p4ss-of-the-one' };
  return loadStack({
    file,
    env: { EXCHANGE: 'of-the-environment' },
    secrets,
    qbtcVersion: VERSION,
    cwd: root,
  });
}
const mistakesOf = (top: string, events = '') =>
  load(top, events).then(
    () => [],
    (error: unknown) => (error instanceof QbtcError ? error.details : []),
  );

test('what says nothing speaks as qbtc does', async () => {
  const { events, correlation, logs, services } = await load('');
  expect(events).toEqual({ exchange: 'qbtc.topic', envelope: 'cloudevents' });
  expect(correlation).toEqual({});
  expect(logs.correlation).toEqual(['correlation_id', 'correlationId']);
  expect(services[0]?.events).not.toHaveProperty('declares');
});

test('an exchange, no envelope, and places of the id of a request, of which that of messages is one of log lines', async () => {
  const { events, correlation, logs, services } = await load(
    'events: { exchange: "${EXCHANGE}", envelope: none }\ncorrelation: { header: X-Request-Id, field: meta.requestId }\nlogs: { correlation: [rid, meta.requestId] }',
    ', declares: [orders, "orders.*"]',
  );
  expect(events).toEqual({ exchange: 'of-the-environment', envelope: 'none' });
  expect(correlation).toEqual({ header: 'X-Request-Id', field: 'meta.requestId' });
  expect(logs.correlation).toEqual(['meta.requestId', 'rid']);
  expect(services[0]?.events?.declares).toEqual(['orders', 'orders.*']);
});

test.each([
  ['', true, true],
  ['events: { exchange: "" }', false, undefined],
  ['events: { exchange: amq.topic }', true, true],
])('%s with declares %s', async (top, declares, kept) => {
  expect((await load(top, `, declares: ${declares}`)).services[0]?.events?.declares).toBe(kept);
});

test.each([
  ['events: { envelop: none }', '', 'events.envelop: found the unknown key "envelop"'],
  ['events: { envelope: cloudevent }', '', 'did you mean "cloudevents"?'],
  ['events: { exchange: [a] }', '', 'events.exchange: found a list, expected the name of an exchange'],
  [`events: { exchange: ${'x'.repeat(256)} }`, '', 'at most 255 bytes'],
  ['events: none', '', 'events: found "none", expected a mapping'],
  ['correlation: { header: "X Request Id" }', '', 'the name of a header such as X-Request-Id'],
  [
    'correlation: { header: "X-Request-Id\\r\\nHost: evil" }',
    '',
    'the name of a header such as X-Request-Id',
  ],
  ['correlation: { field: "" }', '', 'correlation.field'],
  ['correlation: { __proto__: a }', '', '__proto__'],
  ['', ', declares: []', 'at least one name'],
  ['', ', declares: orders', 'true, false, or a list of names'],
  ['', ', declares: [7]', 'declares'],
])('%s%s is a mistake with its line', async (top, events, said) => {
  const mistakes = await mistakesOf(top, events);
  expect(mistakes).toEqual([expect.stringMatching(/^qbtc\.yaml:[45]:\d+ /)]);
  expect(mistakes[0]).toContain(said);
});
