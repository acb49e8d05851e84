import type { Exchange } from '../exchange.ts';
import { isToken } from '../http/fields.ts';
import { fieldLines, isLineText } from '../http/head-text.ts';
import type { RequestBody } from './request-body.ts';
import { NOT_COPIED, vouchedLines } from './upstream-fields.ts';

const TARGET = /^[\x21-\x7e\x80-\xff]+$/;

/**
 * The head of a request as it goes to a node; `undefined` where plugins have made a request line of it that cannot be sent.
 *
 * @param protocol the one that the client wants to go on in, where the route lets it
 * @throws Error for fields that cannot be sent
 */
export function requestHead(
  exchange: Exchange,
  body: RequestBody,
  host: string,
  protocol: string | undefined,
): string | undefined {
  const { request, client } = exchange;
  if (!isToken(request.method) || !TARGET.test(request.target) || !isLineText(host)) return undefined;
  const fields = fieldLines(request.headers, NOT_COPIED);
  let framing = '';
  if (body.length === undefined) framing = 'Transfer-Encoding: chunked\r\n';
  else if (client.headers.has('content-length')) framing = `Content-Length: ${body.length}\r\n`;
  const upgrade = protocol === undefined ? '' : `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
  return (
    `${request.method} ${request.target} HTTP/1.1\r\nHost: ${host}\r\n` +
    `${fields}${vouchedLines(exchange)}${framing}${upgrade}\r\n`
  );
}
