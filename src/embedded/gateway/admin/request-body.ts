import { isUtf8 } from 'node:buffer';
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
  const bytes = Buffer.concat(chunks);
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { error: 'it is no UTF-8' };
}

const tooLarge = (size: number) =>
  `request size ${size} is greater than the maximum size ${MAX_BYTES} allowed`;

export type Decoded = { value: unknown } | { error: string };

/** Decodes YAML, by a library that is loaded when somebody speaks it. */
export async function decodeYaml(text: string): Promise<Decoded> {
  const { parse } = await import('yaml');
  try {
    return { value: parse(text) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/**
 * Decodes JSON, and control characters in strings as lua-cjson does: certificates are put with their line breaks as
 * they are. The error for a text that ends too early is worded as cjson words it.
 */
export function decodeJson(text: string): Decoded {
  if (depthOf(text) > MOST_DEPTH)
    return { error: `Found too many nested data structures (${MOST_DEPTH + 1})` };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const escaped = withControlsEscaped(text);
    if (escaped !== text) {
      try {
        return { value: JSON.parse(escaped) };
      } catch {
        // Told below is what is wrong with the text as it came.
      }
    }
    const message = (error as Error).message;
    const early = message.startsWith('Unexpected end');
    return { error: early ? `Expected value but found T_END at character ${text.length + 1}` : message };
  }
}

/** As deep as lua-cjson reads; what walks through a configuration need not fear for its stack. */
const MOST_DEPTH = 1_000;

/** How deep the brackets go that stand outside of strings. */
function depthOf(text: string): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return deepest;
}

/** A string of JSON in which control characters may stand, but after a backslash. No text between strings has a quote. */
const STRING = /"[^"\\]*(?:\\[ -\uffff][^"\\]*)*"/g;
const CONTROL = /[^ -\uffff]/g;

function withControlsEscaped(text: string): string {
  return text.replace(STRING, (string) =>
    // A NUL ends the text for lua-cjson.
    string.replace(CONTROL, (control) =>
      control === '\0' ? control : `\\u00${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
    ),
  );
}
