import { bytesOf } from '../../../matching/bytes.ts';
import { isToken } from './fields.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: those that no field may hold, and what is no byte
const UNFIT = /[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/gu;

/**
 * Gives a text that was made at run time as the value of a field. It may hold what a client has sent, so controls become
 * `%0D` and the like, as in nginx (lua-nginx-module, `ngx_http_lua_copy_escaped_header`): no value breaks a head.
 */
export function fieldValue(text: string): string {
  return text.replace(UNFIT, (each) =>
    each.charCodeAt(0) > 0xff
      ? bytesOf(each)
      : `%${each.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/**
 * Tells why fields of a configuration could not be sent (RFC 9110, 5.1 and 5.5), in the words of APISIX's proxy-rewrite;
 * `undefined` when all can.
 *
 * @param fields names and values, with variables in them or not
 */
export function fieldError(fields: Iterable<readonly [string, unknown]>): string | undefined {
  for (const [name, value] of fields) {
    if (typeof value !== 'string' && typeof value !== 'number') return 'invalid type as header value';
    if (name === '') return 'invalid field length in header';
    if (!isToken(name)) return 'invalid field character in header';
    const bytes = bytesOf(String(value));
    if (fieldValue(bytes) !== bytes) return 'invalid value character in header';
  }
  return undefined;
}
