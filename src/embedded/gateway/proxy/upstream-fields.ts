import { isIP } from 'node:net';
import type { Exchange } from '../exchange.ts';
import { listOf } from '../http/fields.ts';
import { HeaderList } from '../http/header-list.ts';

/** Fields that concern one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** What the gateway says about the client, in place of whoever said it before. */
const VOUCHED = ['x-real-ip', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'];
/** Framing, and what has been dealt with here. */
const OWN = ['content-length', 'expect'];

/**
 * The fields of a message without those of its connection, and without those that `Connection` names. They are gone
 * before anything looks at the message: a client that names `X-Consumer-Username` there takes away its own field, never
 * one that the gateway sets later.
 */
export function withoutHopByHop(headers: HeaderList): HeaderList {
  return without(headers, namedBy(headers, HOP_BY_HOP));
}

/**
 * The client's fields as plugins and the upstream see them. What the gateway says itself, no client says under another
 * spelling that upstreams may take for the same name (`HeaderList.removeVouched`).
 */
export function forwardedFields(headers: HeaderList): HeaderList {
  const fields = without(headers, namedBy(headers, FORWARDED_WITHOUT));
  dropOtherSpellings(fields.flat);
  return fields;
}

const FORWARDED_WITHOUT = [...HOP_BY_HOP, ...VOUCHED];
const SAID_HERE = new Set([...FORWARDED_WITHOUT, ...OWN, 'x-forwarded-for']);
const OTHER_CHARACTER = /[^0-9A-Za-z-]/;

function dropOtherSpellings(flat: string[]): void {
  for (let i = flat.length - 2; i >= 0; i -= 2) {
    const name = flat[i] as string;
    if (!OTHER_CHARACTER.test(name)) continue;
    if (SAID_HERE.has(name.toLowerCase().replace(/[^0-9a-z]/g, '-'))) flat.splice(i, 2);
  }
}

/** `Connection` can name what it likes; these say where the message goes and ends, and stay. */
const NEVER_NAMED = new Set(['host', 'content-length']);

function namedBy(headers: HeaderList, always: readonly string[]): Set<string> {
  const named = new Set(always);
  if (headers.has('connection'))
    for (const name of listOf(headers, 'connection')) if (!NEVER_NAMED.has(name)) named.add(name);
  return named;
}

function without(headers: HeaderList, names: ReadonlySet<string>): HeaderList {
  const kept: string[] = [];
  for (const [name, value] of headers.entries()) if (!names.has(name.toLowerCase())) kept.push(name, value);
  return new HeaderList(kept);
}

/**
 * The client's address: that of the connection, or the last one that a proxy on this machine names in X-Real-IP, as
 * APISIX takes it (`real_ip_header` and `real_ip_from` of its default configuration).
 */
export function clientAddress(headers: HeaderList, peer: string): string {
  if (peer !== LOOPBACK || !headers.has('x-real-ip')) return peer;
  const named = headers.all('x-real-ip').at(-1)?.split(',').at(-1)?.trim() ?? '';
  return isIP(named) === 0 ? peer : named;
}

const LOOPBACK = '127.0.0.1';

/** Left out when the head is written: the gateway writes its own. */
export const NOT_COPIED: ReadonlySet<string> = new Set([
  ...['host', 'x-forwarded-for', 'x-real-ip'],
  ...HOP_BY_HOP,
  ...OWN,
]);

/**
 * What an upstream is told about the client, as lines. Of X-Forwarded-Proto, -Host and -Port, which stand among the fields
 * from the beginning, just what a plugin has taken away; what it has set instead wins.
 */
export function vouchedLines(exchange: Exchange): string {
  const { headers } = exchange.request;
  const { remoteAddress } = exchange;
  const before = headers.all('x-forwarded-for');
  let lines = `X-Forwarded-For: ${[...before, remoteAddress].join(', ')}\r\n`;
  lines += `X-Real-IP: ${remoteAddress}\r\n`;
  if (!headers.has('x-forwarded-proto')) lines += `X-Forwarded-Proto: ${exchange.scheme}\r\n`;
  if (!headers.has('x-forwarded-host')) lines += `X-Forwarded-Host: ${exchange.host}\r\n`;
  if (!headers.has('x-forwarded-port')) lines += `X-Forwarded-Port: ${exchange.serverPort}\r\n`;
  return lines;
}
