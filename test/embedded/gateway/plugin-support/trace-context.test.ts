import { describe, expect, it } from 'vitest';
import { HeaderList } from '../../../../src/embedded/gateway/http/header-list.ts';
import {
  readTraceContext,
  writeTraceContext,
} from '../../../../src/embedded/gateway/plugin-support/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('the trace context of a request', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, false],
    [`00-${TRACE}-${SPAN}-03`, true],
    [` 00-${TRACE}-${SPAN}-01\t`, true],
    [`cc-${TRACE}-${SPAN}-01-what-comes-later`, true],
  ])('is read from %j', (value, sampled) => {
    expect(readTraceContext(new HeaderList(['Traceparent', value]))).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled,
    });
  });

  it.each([
    '',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}x-${SPAN}-01`,
  ])('is not read from %j', (value) => {
    expect(readTraceContext(new HeaderList(['traceparent', value]))).toBeUndefined();
  });

  it('is not read from two fields, and is written in the place of all', () => {
    const value = `00-${TRACE}-${SPAN}-01`;
    const headers = new HeaderList(['traceparent', value, 'Traceparent', value]);
    expect(readTraceContext(headers)).toBeUndefined();
    writeTraceContext(headers, { traceId: TRACE, spanId: SPAN, sampled: false });
    expect(headers.flat).toEqual(['traceparent', `00-${TRACE}-${SPAN}-00`]);
  });
});
