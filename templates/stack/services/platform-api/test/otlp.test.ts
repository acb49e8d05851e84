import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotOtlp, spansIn } from '../src/otlp.ts';

const span = (fields: object = {}) => ({
  traceId: 'A'.repeat(32),
  spanId: 'b'.repeat(16),
  name: 'work',
  kind: 2,
  startTimeUnixNano: '1767607200123456789',
  endTimeUnixNano: '1767607200125956789',
  ...fields,
});
const request = (...spans: object[]) => ({
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'shop' } },
          { key: 'service.instance.id', value: { stringValue: 'shop-1' } },
        ],
      },
      scopeSpans: [{ scope: { name: 'x' }, spans }],
    },
  ],
});

describe('spans of OTLP in JSON', () => {
  it('are read with their times in microseconds, and every kind of value', () => {
    const attributes = [
      { key: 'correlation.id', value: { stringValue: 'c-1' } },
      { key: 'text', value: { stringValue: 'a\0b' } },
      { key: 'whole', value: { intValue: '7' } },
      { key: 'half', value: { doubleValue: 0.5 } },
      { key: 'yes', value: { boolValue: true } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 2 }] } } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } } },
      { key: 'nothing' },
    ];
    const [read] = spansIn(
      request(span({ attributes, parentSpanId: 'C'.repeat(16), status: { code: 2, message: 'broken' } })),
    );
    expect(read).toEqual({
      trace_id: 'a'.repeat(32),
      span_id: 'b'.repeat(16),
      parent_span_id: 'c'.repeat(16),
      service: 'shop',
      instance: 'shop-1',
      name: 'work',
      kind: 'server',
      started_at: '2026-01-05T10:00:00.123456Z',
      duration_us: 2500,
      failed: true,
      message: 'broken',
      correlation_id: 'c-1',
      attributes: {
        text: 'a',
        whole: 7,
        half: 0.5,
        yes: true,
        list: ['a', 2],
        map: { k: 'v' },
        nothing: null,
      },
    });
  });

  it('may leave out what has a default, and carry what nobody knows', () => {
    expect(spansIn({})).toEqual([]);
    expect(
      spansIn({
        resourceSpans: [{ scopeSpans: [{ spans: [span({ kind: undefined, parentSpanId: '', more: 1 })] }] }],
      }),
    ).toMatchObject([{ service: 'unknown', kind: 'internal', parent_span_id: null, failed: false }]);
  });

  it.each([
    ['a text', 'the body'],
    [{ resourceSpans: 1 }, 'resourceSpans'],
    [request(span({ traceId: 'xyz' })), 'resourceSpans.0.scopeSpans.0.spans.0.traceId'],
    [request(span({ startTimeUnixNano: 'now' })), 'startTimeUnixNano'],
    [request(span({ name: 5 })), 'name'],
  ])('are refused with the field that is wrong: %j', (body, field) => {
    expect(() => spansIn(body)).toThrow(NotOtlp);
    expect(() => spansIn(body)).toThrow(field);
  });

  it('are read or refused, whatever comes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        try {
          spansIn(JSON.parse(text));
        } catch (error) {
          expect(error).toBeInstanceOf(NotOtlp);
        }
      }),
    );
  });
});
