import { createHash, randomInt } from 'node:crypto';
import { bytesOf } from '../../../matching/bytes.ts';
import { cookieDate } from '../http/date.ts';
import type { Plugin } from '../plugin.ts';
import { decodedBase64, isSecret } from '../plugin-support/authentication.ts';

interface Csrf {
  key: string;
  expires: number;
  name: string;
}

interface Token {
  random: number;
  /** When it was made, in seconds since the epoch. */
  expires: number;
  sign: string;
}

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** As many digits as Lua writes of a number: APISIX takes these tokens, and its own are taken here. */
const PARTS = 10 ** 14;

/** Asks callers of unsafe methods for a token, in a field and in a cookie, which only pages of the same site can read. */
export const csrf: Plugin<Csrf> = {
  name: 'csrf',
  version: 0.1,
  priority: 2980,
  schema: {
    type: 'object',
    properties: {
      key: { description: 'use to generate csrf token', type: 'string' },
      expires: { description: 'expires time(s) for csrf token', type: 'integer', default: 7200 },
      name: { description: 'the csrf token name', type: 'string', default: 'apisix-csrf-token' },
    },
    encrypt_fields: ['key'],
    required: ['key'],
  },
  fieldsOf: ({ name }) => [[name, '']],
  compile({ key, expires, name }, host) {
    const seconds = () => Math.floor(host.now() / 1000);
    function isValid(text: string): boolean {
      const token = tokenIn(text);
      if (token === undefined || (expires > 0 && seconds() - token.expires > expires)) return false;
      return isSecret(bytesOf(token.sign), signOf(token, key));
    }
    return {
      access(exchange) {
        if (SAFE_METHODS.includes(exchange.request.method)) return undefined;
        const inField = exchange.request.headers.get(name);
        if (!inField) return refused('no csrf token in headers');
        const inCookie = exchange.variable(`cookie_${name}`);
        if (inCookie === undefined) return refused('no csrf cookie');
        if (inField !== inCookie) return refused('csrf token mismatch');
        return isValid(inCookie) ? undefined : refused('Failed to verify the csrf token signature');
      },
      headerFilter(exchange) {
        const made = { random: randomInt(PARTS) / PARTS, expires: seconds() };
        const token = Buffer.from(JSON.stringify({ ...made, sign: signOf(made, key) })).toString('base64');
        const until = cookieDate((seconds() + expires) * 1000);
        exchange.response?.headers.append(
          'Set-Cookie',
          `${name}=${token};path=/;SameSite=Lax;Expires=${until}`,
        );
      },
    };
  },
};

const refused = (message: string) => ({ status: 401, body: { error_msg: message } });

const signOf = ({ random, expires }: Omit<Token, 'sign'>, key: string): string =>
  createHash('sha256').update(`{expires:${expires},random:${random},key:${key}}`).digest('hex');

/** Reads a token; `undefined` for what is none. */
function tokenIn(text: string): Token | undefined {
  try {
    const token = JSON.parse(String(decodedBase64(text))) as Partial<Token> | null;
    const { random, expires, sign } = token ?? {};
    return typeof random === 'number' && typeof expires === 'number' && typeof sign === 'string'
      ? { random, expires, sign }
      : undefined;
  } catch {
    return undefined;
  }
}
