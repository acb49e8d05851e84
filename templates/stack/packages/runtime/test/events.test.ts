import { readdirSync, readFileSync } from 'node:fs';
import { compileEventTypes, EventInvalid } from '@stack/runtime/events';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SCHEMAS = new URL('../../../event-schemas/', import.meta.url);
const files = readdirSync(SCHEMAS).map((name) => ({
  name,
  schema: JSON.parse(readFileSync(new URL(name, SCHEMAS), 'utf8')),
}));

const type = compileEventTypes({
  thing: {
    $id: 'urn:qbtc:event:thing:1',
    type: 'object',
    required: ['size'],
    properties: { size: { type: 'integer' } },
  },
})<{ size: number }>('thing');
const attributes = { source: 'test', correlationid: 'c-1' };

describe('the schemas of event-schemas/', () => {
  it('are valid JSON Schema 2020-12, strictly', () => {
    const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false });
    for (const keyword of ['x-routing-key', 'x-queue']) ajv.addKeyword(keyword);
    addFormats.default(ajv);
    for (const { schema } of files) ajv.addSchema(schema);
    for (const { name, schema } of files) expect(() => ajv.getSchema(schema.$id), name).not.toThrow();
  });

  it('describe every field', () => {
    const undescribed = (schema: unknown, path: string): string[] => {
      if (typeof schema !== 'object' || schema === null) return [];
      return Object.entries(schema).flatMap(([key, value]) => {
        if (key === 'if' || key === 'then' || key === 'else') return [];
        const here = `${path}/${key}`;
        if (key !== 'properties') return undescribed(value, here);
        return Object.entries(value as Record<string, Record<string, unknown>>).flatMap(
          ([field, definition]) => [
            ...('description' in definition || '$ref' in definition ? [] : [`${here}/${field}`]),
            ...undescribed(definition, `${here}/${field}`),
          ],
        );
      });
    };
    for (const { name, schema } of files) expect(undescribed(schema, name)).toEqual([]);
  });
});

describe('an event type', () => {
  it('gives back what it has encoded', () => {
    fc.assert(
      fc.property(fc.integer(), fc.uuid(), (size, id) => {
        const event = type.create({ size }, { ...attributes, causationid: id });
        expect(type.decode(type.encode(event))).toEqual(event);
      }),
    );
  });

  it('makes events with ids of their own', () => {
    expect(type.create({ size: 1 }, attributes).id).not.toBe(type.create({ size: 1 }, attributes).id);
  });

  it.each([
    ['data of another form', { data: { size: 'big' } }, '/data/size'],
    ['a missing field', { data: {} }, '/data'],
    ['another type', { type: 'other' }, '/type'],
    ['another version of the schema', { dataschema: 'urn:qbtc:event:thing:2' }, '/dataschema'],
    ['an unfit correlation id', { correlationid: 'a b' }, '/correlationid'],
    ['a time that is none', { time: 'yesterday' }, '/time'],
    ['an attribute that nobody knows', { surprise: 1 }, ''],
  ])('refuses %s on both sides', (_name, change, path) => {
    const event = { ...type.create({ size: 1 }, attributes), ...change };
    for (const attempt of [
      () => type.encode(event as never),
      () => type.decode(Buffer.from(JSON.stringify(event))),
    ]) {
      let thrown: unknown;
      try {
        attempt();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(EventInvalid);
      expect((thrown as EventInvalid).problem.path).toBe(path);
    }
  });

  it('refuses bytes that are no UTF-8: they would become another event (RFC 8259, section 8.1)', () => {
    const bytes = Buffer.from(
      JSON.stringify(type.create({ size: 1 }, { ...attributes, source: 'caf\u00e9' })),
    );
    expect(type.decode(bytes).source).toBe('caf\u00e9');
    const latin1 = Buffer.from(bytes.toString('utf8'), 'latin1');
    expect(() => type.decode(latin1)).toThrow(EventInvalid);
  });

  it('never throws anything else, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          expect(() => type.decode(Buffer.from(bytes))).toThrow(EventInvalid);
        },
      ),
    );
  });
});
