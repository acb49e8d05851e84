import type { IncomingMessage } from 'node:http';

const BASE = 'http://localhost';

/** What an HTTP request asks for; `undefined` where it is no address, such as `//`: `new URL` throws then. */
export function urlOf({ url = '/' }: IncomingMessage): URL | undefined {
  return URL.canParse(url, BASE) ? new URL(url, BASE) : undefined;
}
