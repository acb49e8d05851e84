import { createHmac, timingSafeEqual } from 'node:crypto';
import { errors } from './errors.ts';

export interface Credentials {
  key: string;
  secret: string;
}

const DEFAULT_WINDOW_MS = 5_000;
const LONGEST_WINDOW_MS = 60_000;
/** How far ahead of the server a timestamp may be. */
const AHEAD_MS = 1_000;

/**
 * Checks key, signature and time of a request as Binance does ("SIGNED endpoint security"): HMAC-SHA256 over the parameters
 * as they were sent, in hexadecimal; `timestamp` at most a second ahead, and not older than `recvWindow`.
 *
 * @param payload the parameters without the signature
 * @throws ExchangeError
 */
export function checkSigned(
  { key, secret }: Credentials,
  request: {
    key: unknown;
    payload: string;
    signature: string | undefined;
    timestamp: string | undefined;
    window: string | undefined;
  },
  now: number,
): void {
  if (request.key !== key) throw errors.key();
  if (request.signature === undefined || request.signature === '') throw errors.missing('signature');
  if (request.timestamp === undefined) throw errors.missing('timestamp');
  if (!/^\d+$/.test(request.timestamp)) throw errors.illegal('timestamp', '^[0-9]{1,20}$');
  const expected = createHmac('sha256', secret).update(request.payload).digest();
  const given = Buffer.from(request.signature, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw errors.signature();
  const sent = Number(request.timestamp);
  const window = Number(request.window ?? DEFAULT_WINDOW_MS);
  if (!(window > 0 && window <= LONGEST_WINDOW_MS)) throw errors.illegal('recvWindow', '1-60000');
  if (sent >= now + AHEAD_MS) throw errors.ahead();
  if (now - sent > window) throw errors.outsideWindow();
}
