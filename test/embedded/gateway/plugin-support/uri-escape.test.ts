import { describe, expect, it } from 'vitest';
import {
  escapeArgument,
  escapePath,
  escapeTarget,
} from '../../../../src/embedded/gateway/plugin-support/uri-escape.ts';

const ALL = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
const kept = (escaped: string) => [...escaped.replace(/%[0-9A-F]{2}/g, '')].join('');

describe('escapes of nginx', () => {
  it('leave in a path what nginx leaves', () => {
    expect(kept(escapePath(ALL))).toBe(
      "!$&'()*+,-./0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~",
    );
  });

  it('keep a value in a query one value', () => {
    expect(kept(escapeArgument(ALL))).toBe(
      "!$'()*,-./0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~",
    );
  });

  it('leave escapes in a target alone', () => {
    expect(escapeTarget('/a%2Fb?c=d&e#f g\r\n\xe9')).toBe('/a%2Fb?c=d&e%23f%20g%0D%0A%E9');
  });

  it.each([escapePath, escapeArgument])('are undone byte by byte', (escapeBytes) => {
    const unescaped = escapeBytes(ALL).replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    expect(unescaped).toBe(ALL);
  });
});
