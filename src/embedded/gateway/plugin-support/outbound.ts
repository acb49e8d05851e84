import { type Agent, type ClientRequest, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { HeaderList } from '../http/header-list.ts';
import { waitMs } from '../wait.ts';

/** A request of a plugin's own, to whoever it reports to. */
export interface OutboundRequest {
  method: string;
  /** Names and values in turn; text of one character a byte. */
  headers: string[];
  body: Buffer | undefined;
  /** Milliseconds for all of it. */
  timeoutMs: number;
  /** Whether the certificate of an `https` URL must be trusted. */
  verify: boolean;
  /** Ends it at once. */
  signal?: AbortSignal;
  /** Keeps connections; without it the request has one of its own. */
  agent?: Agent;
}

export interface OutboundAnswer {
  status: number;
  headers: HeaderList;
  body: Buffer;
}

/** What of an answer's body is kept for a line in a log. */
const MOST_LOGGED_BYTES = 1024;

/** Sends a request and gives what was answered as a text for a log. Rejects when there is no answer in time. */
export async function sendOutbound(
  url: URL,
  target: string,
  request: OutboundRequest,
): Promise<{ status: number; body: string }> {
  const { status, body } = await askOutbound(url, target, request, MOST_LOGGED_BYTES);
  return { status, body: body.toString() };
}

/**
 * Sends a request and gives what was answered. Rejects when there is no answer in time.
 *
 * @param target path and query as they are to stand in the request line
 * @param most bytes of the answer's body; the rest is cut off
 */
export function askOutbound(
  url: URL,
  target: string,
  { agent, ...alone }: OutboundRequest,
  most: number,
): Promise<OutboundAnswer> {
  const { method, headers, body, timeoutMs, verify, signal } = alone;
  return new Promise((resolve, reject) => {
    const options = {
      method,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path: target,
      headers,
      agent: agent ?? (false as const),
      rejectUnauthorized: verify,
      ...(signal === undefined ? {} : { signal }),
    };
    const request: ClientRequest = url.protocol === 'https:' ? requestHttps(options) : requestHttp(options);
    const inTime = waitMs(timeoutMs / 1000);
    const late = setTimeout(() => request.destroy(new Error(`no answer within ${inTime} ms`)), inTime);
    request.on('close', () => {
      clearTimeout(late);
      reject(new Error('the connection was closed'));
    });
    request.on('error', (error) => {
      // The server closed a kept connection just as it was used again.
      if (request.reusedSocket) resolve(askOutbound(url, target, alone, most));
      else reject(error);
    });
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        const piece = chunk.subarray(0, most - length);
        length += piece.length;
        pieces.push(piece);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new HeaderList(response.rawHeaders),
          body: Buffer.concat(pieces),
        }),
      );
    });
    request.end(body);
  });
}
