import type { IncomingMessage } from 'node:http';

/** APISIX's cap for bodies of the Admin API: 1.5 MiB. */
const MAX_BYTES = 1.5 * 1024 * 1024;

export type ReadBody = { text: string } | { error: string };

/** The body of an Admin API request; one that is too large is not read to its end. */
export async function readBody(request: IncomingMessage): Promise<ReadBody> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_BYTES) return { error: tooLarge(announced) };
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += (chunk as Buffer).length;
    if (length > MAX_BYTES) return { error: tooLarge(length) };
    chunks.push(chunk as Buffer);
  }
  return { text: Buffer.concat(chunks).toString('utf8') };
}

const tooLarge = (size: number) =>
  `request size ${size} is greater than the maximum size ${MAX_BYTES} allowed`;

/** Decodes JSON; the error for a text that ends too early is worded as cjson words it. */
export function decodeJson(text: string): { value: unknown } | { error: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const message = (error as Error).message;
    const early = message.startsWith('Unexpected end');
    return { error: early ? `Expected value but found T_END at character ${text.length + 1}` : message };
  }
}
