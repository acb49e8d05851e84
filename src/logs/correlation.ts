import { idText, memberAt } from '../field-path.ts';
import { literalPattern } from '../literal-pattern.ts';
import { isRecord } from '../record.ts';

/** Under which names the id of a request stands where qbtc.yaml says nothing. */
export const CORRELATION_NAMES: readonly string[] = ['correlation_id', 'correlationId'];

/** Where loggers put what was bound to them, besides the top. */
const INSIDE = ['context', 'extra', 'fields', 'metadata'];

/** The id among the members of a JSON line, and the member at the top that holds it. */
export function correlationIn(
  document: Readonly<Record<string, unknown>>,
  names: readonly string[],
): { id: string; member: string | undefined } | undefined {
  for (const name of names) {
    const top = idText(memberAt(document, name));
    if (top !== undefined) return { id: top, member: Object.hasOwn(document, name) ? name : undefined };
    for (const place of INSIDE) {
      const inside = document[place];
      const id = isRecord(inside) ? idText(memberAt(inside, name)) : undefined;
      if (id !== undefined) return { id, member: undefined };
    }
  }
  return undefined;
}

const patterns = new Map<string, RegExp>();

/** The id in a line of text: `correlation_id=4711`, `[requestId: 4711]`, `"traceId":"4711"`. */
export function correlationInText(text: string, names: readonly string[]): string | undefined {
  for (const name of names) {
    if (!text.includes(name)) continue;
    const id = patternOf(name).exec(text)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

function patternOf(name: string): RegExp {
  const known = patterns.get(name);
  if (known !== undefined) return known;
  const literal = literalPattern(name);
  const pattern = new RegExp(`(?:^|[^\\w.-])["']?${literal}["']?\\s*[=:]\\s*["']?([\\w.:/+-]*\\w)`);
  patterns.set(name, pattern);
  return pattern;
}
