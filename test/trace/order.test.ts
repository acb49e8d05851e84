import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/model/trace.ts';
import { ordered } from '../../src/trace/order.ts';

const span = (spanId: string, parentSpanId: string | undefined, offsetUs = 0): Span => ({
  spanId,
  parentSpanId,
  service: 's',
  instance: 's-1',
  name: spanId,
  kind: 'internal',
  offsetUs,
  durationUs: 1,
  failed: false,
  message: '',
  correlationId: undefined,
  attributes: {},
});
const read = (spans: Span[]) => ordered(spans).map(({ spanId, depth }) => `${depth} ${spanId}`);

describe('spans in the order of a tree', () => {
  test('each before those below it, siblings by their start', () => {
    expect(
      read([
        span('late', 'root', 9),
        span('deep', 'early', 3),
        span('early', 'root', 2),
        span('root', undefined),
      ]),
    ).toEqual(['0 root', '1 early', '2 deep', '1 late']);
  });

  test('a span whose parent is not there stands at the top', () => {
    expect(read([span('b', 'elsewhere', 1), span('a', undefined), span('c', 'b', 2)])).toEqual([
      '0 a',
      '0 b',
      '1 c',
    ]);
  });

  test('each span once, whoever names whom as its parent', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ id, parent: fc.option(id, { nil: undefined }), at: fc.nat(9) }), {
          selector: (each) => each.id,
        }),
        (raw) => {
          const names = ordered(raw.map((each) => span(each.id, each.parent, each.at))).map(
            ({ spanId }) => spanId,
          );
          expect(names.toSorted()).toEqual(raw.map((each) => each.id).toSorted());
        },
      ),
    );
  });
});
