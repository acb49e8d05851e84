import { isMessage, type NoMessage, type Request, readRequest } from './messages.ts';

/** What the bytes of one connection are, by the strict grammar. */
export interface Stream {
  /** Those that are whole, in their order. */
  requests: Request[];
  /** How it goes on behind them. `closed`: the last one ends the connection, whatever comes behind it. */
  ending: 'clean' | 'closed' | NoMessage;
}

export function readStream(text: string): Stream {
  const requests: Request[] = [];
  for (let at = 0; ; ) {
    if (at === text.length) return { requests, ending: 'clean' };
    const request = readRequest(text, at);
    if (!isMessage(request)) return { requests, ending: request };
    requests.push(request);
    if (request.closes) return { requests, ending: 'closed' };
    at = request.end;
  }
}

/** True when nothing is wrong with it so far, and more would have to come. */
export const waits = ({ ending }: Stream): boolean =>
  ending === 'clean' || (typeof ending === 'object' && ending.malformed === undefined);

/** The method of the request that an answer is to, as far as it can be known. */
export const methodOf = ({ requests, ending }: Stream, index: number): string =>
  requests[index]?.method ?? (typeof ending === 'object' ? ending.method : undefined) ?? 'GET';
