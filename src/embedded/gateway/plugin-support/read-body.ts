import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { Verdict } from '../plugin.ts';

/** As much of a body is held for a plugin that has to see all of it; what is longer is refused with 413. */
export const MOST_BODY_BYTES = 16 * 1024 * 1024;

/** Reads the whole body of the request for a plugin, and goes on with it. */
export async function readBody(
  exchange: Exchange,
  next: (body: Buffer) => Verdict,
): Promise<Answer | undefined> {
  const most = Math.min(exchange.maxBodyBytes ?? MOST_BODY_BYTES, MOST_BODY_BYTES);
  let body: Buffer;
  try {
    body = await exchange.requestBody(most);
  } catch (error) {
    // Too long, or the client went away and nobody reads the answer.
    if (error instanceof RangeError) return { status: 413, headers: { Connection: 'close' } };
    throw error;
  }
  return next(body);
}
