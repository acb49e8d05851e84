import type { Agent } from 'undici';
import type { Http } from '../context.ts';

/** undici's own codes for a deadline that passed. */
const TIMEOUTS = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ABORT_ERR',
]);

/** HTTP on undici with kept-alive connections, loaded when first used. */
export function createHttp(): Http {
  let opened: Promise<Agent> | undefined;
  return async (url, request) => {
    opened ??= import('undici').then(({ default: { Agent } }) => new Agent());
    const agent = await opened;
    const { origin, pathname, search } = new URL(url);
    const deadline = AbortSignal.timeout(request.timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
    try {
      const response = await agent.request({
        origin,
        path: `${pathname}${search}`,
        method: (request.method ?? 'GET') as 'GET',
        headers: request.headers ?? {},
        body: request.body ?? null,
        signal,
      });
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(response.headers)) {
        if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
      }
      const body = await textOf(response.body, url, request.maxBytes);
      return { status: response.statusCode, headers, body };
    } catch (error) {
      request.signal?.throwIfAborted();
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (deadline.aborted || TIMEOUTS.has(code)) {
        throw Object.assign(new Error(`no answer from ${url} within ${request.timeoutMs} ms`), {
          code: 'ETIMEDOUT',
        });
      }
      // undici's name for a connection that was cut.
      if (code === 'UND_ERR_SOCKET')
        throw Object.assign(new Error(`the connection to ${url} was cut`), {
          code: 'ECONNRESET',
          cause: error,
        });
      throw error;
    }
  };
}

/** Reads no more than it may: who answers for ever is cut off. */
async function textOf(
  body: { text(): Promise<string> } & AsyncIterable<Buffer>,
  url: string,
  maxBytes: number | undefined,
): Promise<string> {
  if (maxBytes === undefined) return body.text();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes)
      throw Object.assign(new Error(`${url} answers with more than ${maxBytes} bytes`), { code: 'EMSGSIZE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
