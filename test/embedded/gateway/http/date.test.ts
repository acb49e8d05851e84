import { describe, expect, it } from 'vitest';
import { httpDate, parsedDate } from '../../../../src/embedded/gateway/http/date.ts';

const MOMENT = Date.parse('2026-11-06T08:49:37Z');

describe('dates of HTTP', () => {
  it.each([
    'Fri, 06 Nov 2026 08:49:37 GMT',
    'Friday, 06-Nov-26 08:49:37 GMT',
    'Fri Nov  6 08:49:37 2026',
  ])('are read: %s', (field) => expect(parsedDate(field)).toBe(MOMENT));

  it('are read as they are written', () => expect(parsedDate(httpDate(MOMENT))).toBe(MOMENT));

  it('have the century of nginx where they have none', () => {
    expect(parsedDate('Friday, 06-Nov-69 08:49:37 GMT')).toBe(Date.parse('2069-11-06T08:49:37Z'));
    expect(parsedDate('Friday, 06-Nov-70 08:49:37 GMT')).toBe(Date.parse('1970-11-06T08:49:37Z'));
  });

  it.each([
    '',
    '2026-11-06T08:49:37Z',
    'Fri, 06 Nov 2026 08:49:37',
    'Fri, 06 Nov 2026 08:49:37 +0100',
    'Fri, 6 Nov 2026 08:49:37 GMT',
    'Mon, 30 Feb 2026 08:49:37 GMT',
    'Fri, 06 Nov 2026 24:00:00 GMT',
    'Fri, 06 Nov 2026 08:60:37 GMT',
    'Fri, 06 Foo 2026 08:49:37 GMT',
    'Fri, 06 Nov 2026 08:49:37 GMT, Fri, 06 Nov 2026 08:49:37 GMT',
  ])('are none: %s', (field) => expect(parsedDate(field)).toBeUndefined());
});
