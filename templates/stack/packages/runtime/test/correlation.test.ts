import { correlationIdFrom, traceparentFrom } from '@stack/runtime/correlation';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('correlationIdFrom', () => {
  it('keeps what is fit', () => {
    expect(correlationIdFrom('order:42.a-B_c')).toBe('order:42.a-B_c');
  });

  it('never lets anything through that could break a header, a log line or a schema', () => {
    fc.assert(
      fc.property(fc.anything(), (outside) => {
        expect(correlationIdFrom(outside)).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
      }),
    );
    expect(correlationIdFrom('x'.repeat(129))).toHaveLength(36);
  });
});

describe('traceparentFrom', () => {
  it('takes the form of the W3C and nothing else', () => {
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(traceparentFrom(parent)).toBe(parent);
    expect(traceparentFrom(`${parent}x`)).toBeUndefined();
    expect(traceparentFrom(['a'])).toBeUndefined();
  });
});
