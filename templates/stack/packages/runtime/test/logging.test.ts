import { createLog } from '@stack/runtime/logging';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import logLine from '../../../event-schemas/log_line.json' with { type: 'json' };

const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(logLine);

function record(fields: Record<string, unknown> = {}) {
  const lines: string[] = [];
  const log = createLog({
    service: 'a',
    level: 'debug',
    fields,
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, last: () => JSON.parse(lines.at(-1) ?? 'null') };
}

describe('createLog', () => {
  it('writes what the schema says, whatever the context is', () => {
    const { log, last } = record();
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withDate: true })),
        (message, context) => {
          log.warn(message, context);
          expect(validate(last()), JSON.stringify(validate.errors)).toBe(true);
          expect(last()).toMatchObject({ service: 'a', level: 'warn', message });
        },
      ),
    );
  });

  it('has its fields in the context of every line', () => {
    const { log, last } = record({ mode: 'live' });
    log.info('plain');
    expect(last().context).toEqual({ mode: 'live' });
    log.correlated('c-1').warn('more', { price: 1 });
    expect(last()).toMatchObject({ context: { mode: 'live', price: 1 }, correlation_id: 'c-1' });
  });

  it('has an empty context and no correlation id unless they are given', () => {
    const { log, last } = record();
    log.info('plain');
    expect(last()).toMatchObject({ context: {} });
    expect(last()).not.toHaveProperty('correlation_id');
    log.correlated('c-1').error('tied', { a: 1 });
    expect(last()).toMatchObject({ correlation_id: 'c-1', level: 'error', context: { a: 1 } });
  });

  it('masks secrets by name, in addresses, at any depth, and keeps counts', () => {
    const { log, last } = record();
    log.info('x', {
      password: 'p1',
      nested: [{ apiKey: 'p2', Authorization: 'Bearer p3', access_token: 'p4', token: 'p5' }],
      url: 'amqp://user:p6@host/vhost',
      error: new Error('connect to redis://:p7@host failed', { cause: new Error('postgres://u:p8@h') }),
      prompt_tokens: 7,
    });
    const text = JSON.stringify(last());
    for (const secret of ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8']) expect(text).not.toContain(secret);
    expect(last().context).toMatchObject({ prompt_tokens: 7, url: 'amqp://[redacted]@host/vhost' });
  });

  it('survives a context that refers to itself', () => {
    const { log, last } = record();
    const context: Record<string, unknown> = {};
    context.self = context;
    log.info('loop', context);
    expect(validate(last())).toBe(true);
  });
});
