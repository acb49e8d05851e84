import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Schema, SchemaFile } from '../../src/events/schema-file.ts';
import { typesOf as typesIn } from '../../src/events/types.ts';
import { schemaPair } from '../support/json-schemas.ts';

const EVENTS = new URL('../../templates/stack/packages/contracts/src/events.ts', import.meta.url);
const OF_TRADING = new URL(
  '../../templates/addons/trading/services/trading-hft/src/contracts/events.ts',
  import.meta.url,
);

const typesOf = (files: readonly SchemaFile[]) => typesIn(files, { exchange: 'qbtc.topic' });
const file = (name: string, schema: Schema): SchemaFile => ({
  name,
  file: `/${name}.json`,
  schema,
  at: () => ({ line: 1, column: 1 }),
});
const event = (name: string, schema: Schema) => file(name, { ...schema, $id: `urn:qbtc:event:${name}:1` });

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** What TypeScript says to these modules; empty when it takes them all. */
async function faultsOf(texts: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-types-'));
  folders.push(folder);
  const names = texts.map((_, index) => join(folder, `m${index}.ts`));
  await Promise.all(names.map((name, index) => writeFile(name, texts[index] ?? '')));
  const tsc = new URL('../../node_modules/.bin/tsc', import.meta.url).pathname;
  return promisify(execFile)(tsc, [
    '--noEmit',
    '--ignoreConfig',
    '--strict',
    '--skipLibCheck',
    ...names,
  ]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

describe('types that TypeScript takes', () => {
  it('declare every name that they write, whatever refers to what', async () => {
    const samples = fc.sample(schemaPair, { numRuns: 40, seed: 17 });
    const texts = samples.map(({ main, other }) =>
      typesOf([file('it', main), file('other', other), event('and_another', { $ref: 'urn:test:other' })]),
    );
    const faults = await faultsOf(texts);
    const [name] = /m(\d+)\.ts/.exec(faults)?.slice(1) ?? [];
    expect(
      faults,
      name === undefined ? '' : `${JSON.stringify(samples[Number(name)])}\n${texts[Number(name)]}`,
    ).toBe('');
  });

  it('give a name once, and no name that TypeScript does not take', async () => {
    const empty = { type: 'object', properties: {}, additionalProperties: false };
    const text = typesOf([
      event('one', {
        ...empty,
        title: 'Record',
        $defs: { 'a-b': empty, a_b: empty, 'ü 🙂': empty, '': empty },
      }),
      event('two', {
        ...empty,
        title: 'EventData',
        properties: { 'it\'s \\ "it"': { const: 'it\'s \\ "it"\u2028' } },
      }),
      event('three', { ...empty, title: 'Same' }),
      event('same', { additionalProperties: { $ref: '#' }, type: 'object' }),
      event('five', {
        ...empty,
        properties: { two: { $ref: 'urn:5th#/$defs/1' } },
        additionalProperties: false,
      }),
      file('5th', {
        $id: 'urn:5th',
        $defs: { 1: { type: 'array', prefixItems: [{ $ref: '#' }], items: false as unknown as Schema } },
      }),
    ]);
    expect(await faultsOf([text])).toBe('');
  });

  it('are those of the stack that is scaffolded and of its add-on, and they refuse what is no such event', async () => {
    const text = `${await readFile(EVENTS, 'utf8')}
const gone: EventData['service_gone'] = { name: 'api', instance: 'api-1', reason: 'stopped' };
// @ts-expect-error a reason that there is not
const wrong: ServiceGone = { ...gone, reason: 'bored' };
export { gone, wrong };
export const key: 'service.gone' = DESTINATIONS.service_gone.routingKey;
export const queue: 'q_llm_requests' = DESTINATIONS.llm_request.queue;
// @ts-expect-error each core hears it by a queue of its own
DESTINATIONS.llm_cancellation.queue;
`;
    const ofTrading = `${await readFile(OF_TRADING, 'utf8')}
const signal: EventData['hft_trading_signal'] = { signal_id: 's', symbol: 'BTCUSDT', action: 'buy', outcome: 'ordered', reason: 'r', mode: 'paper' };
// @ts-expect-error an action that there is not
const wrong: HftTradingSignal = { ...signal, action: 'wait' };
export { signal, wrong };
export const queue: 'q_hft_trading_signals' = DESTINATIONS.hft_trading_signal.queue;
// @ts-expect-error an event of the core
DESTINATIONS.llm_request;
`;
    expect(await faultsOf([text, ofTrading])).toBe('');
  });
});
