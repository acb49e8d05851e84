import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostOf } from '../../src/matching/host.ts';

const INVALID = { refused: 'invalid Host' };

describe('the host of a request', () => {
  it.each([
    ['admin.example', 'admin.example'],
    ['Admin.EXAMPLE:8080', 'admin.example'],
    ['admin.example.', 'admin.example'],
    ['admin.example.:443', 'admin.example'],
    ['admin.example:', 'admin.example'],
    ['a_b-c.example', 'a_b-c.example'],
    ['127.0.0.1:9080', '127.0.0.1'],
    ['[::1]:9080', '[::1]'],
    ['[FE80::1]', '[fe80::1]'],
    ['.example', '.example'],
  ])('of Host %s is %s, and Host goes on as it came', (field, host) => {
    expect(hostOf([field], undefined, true)).toEqual({ host, field });
  });

  it.each([
    '',
    '.',
    '..',
    'a..b',
    ':80',
    'a:80:80',
    'a:80x',
    'a:65536',
    'a:99999999999999999999',
    'a/b',
    'a b',
    'user@a',
    'a#b',
    'a?b',
    'a\\b',
    'caf\u00e9.example',
    'a,\tb',
    '[::1',
    '[]',
    '[::1]x',
    '[::1]80',
    '::1',
  ])('is refused for Host %j', (field) => {
    expect(hostOf([field], undefined, true)).toEqual(INVALID);
  });

  it('is refused for two Host fields, even when they are one', () => {
    expect(hostOf(['a.example', 'a.example'], undefined, true)).toEqual({ refused: 'more than one Host' });
  });

  it('is missed in HTTP/1.1 only', () => {
    expect(hostOf([], undefined, true)).toEqual({ refused: 'no Host' });
    expect(hostOf([], 'a.example', true)).toEqual({ refused: 'no Host' });
    expect(hostOf([], undefined, false)).toEqual({ host: '', field: undefined });
    expect(hostOf([], 'a.example', false)).toEqual({ host: 'a.example', field: 'a.example' });
  });

  it("is the target's authority, which takes the place of Host", () => {
    expect(hostOf(['open.example'], 'Admin.example:8080', true)).toEqual({
      host: 'admin.example',
      field: 'Admin.example:8080',
    });
    expect(hostOf(['a b'], 'admin.example', true)).toEqual(INVALID);
    expect(hostOf(['a.example'], 'user@admin.example', true)).toEqual(INVALID);
    expect(hostOf(['a.example'], '', true)).toEqual(INVALID);
  });

  it('is the same for every spelling of one name', () => {
    const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), fc.nat(65_535), (labels, port) => {
        const name = labels.join('.');
        for (const spelling of [name, name.toUpperCase(), `${name}.`, `${name}.:${port}`]) {
          expect(hostOf([spelling], undefined, true)).toMatchObject({ host: name });
        }
      }),
    );
  });
});
