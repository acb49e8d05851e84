import { STATUS_CODES } from 'node:http';
import type { HeaderList } from './http/header-list.ts';

/** What the gateway itself answers, from the Admin API as from a plugin. */
export interface Answer {
  status: number;
  /**
   * A text is sent in UTF-8, a buffer as it is, another object as JSON with a line end after it, as APISIX does; without
   * a body from 300 on a page is sent.
   */
  body?: string | object;
  contentType?: string;
  headers?: Record<string, string>;
  /** Sent as they are, in the place of all others of the same names. */
  fields?: HeaderList;
}

/** The phrases of nginx where they differ from the standard's. */
const NGINX_PHRASES: Record<number, string> = {
  405: 'Not Allowed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  431: 'Request Header Or Cookie Too Large',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

export function statusPhrase(status: number): string {
  return NGINX_PHRASES[status] ?? STATUS_CODES[status] ?? '';
}

/** The page that APISIX (openresty) sends for an error without a body of its own; byte for byte as recorded. */
export function errorPage(status: number): string {
  const title = `${status} ${statusPhrase(status)}`.trimEnd();
  return [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    '<hr><center>openresty</center>',
    '<p><em>Powered by <a href="https://apisix.apache.org/">APISIX</a>.</em></p></body>',
    '</html>',
    '',
  ].join('\r\n');
}

export const HTML = 'text/html; charset=utf-8';
export const TEXT = 'text/plain; charset=utf-8';

/** The bytes and the content type of an answer. */
export function render(answer: Answer): { body: string | Buffer; contentType: string } {
  const { status, body } = answer;
  if (body === undefined) {
    return status >= 300
      ? { body: errorPage(status), contentType: answer.contentType ?? HTML }
      : { body: '', contentType: answer.contentType ?? TEXT };
  }
  return {
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : `${JSON.stringify(body)}\n`,
    contentType: answer.contentType ?? TEXT,
  };
}
