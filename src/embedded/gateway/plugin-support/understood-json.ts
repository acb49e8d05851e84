const utf8 = new TextDecoder('utf-8', { fatal: true });

/** JSON as it was understood. */
export interface Understood {
  value: unknown;
  /** Whether another reader may understand the same bytes otherwise: a name stands twice in one object. */
  ambiguous: boolean;
}

/**
 * Reads JSON in UTF-8 (RFC 8259). Of a name that stands twice in one object the last counts, as for most readers.
 *
 * @throws SyntaxError
 */
export function understoodJson(bytes: Buffer): Understood {
  const text = decoded(bytes);
  const value: unknown = JSON.parse(text);
  return { value, ambiguous: membersOf(text) !== membersIn(value) };
}

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new SyntaxError('the text is not UTF-8');
  }
}

/** As many as it has colons that stand in no string. */
function membersOf(json: string): number {
  let count = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const each = json[i];
    if (each === '"') inString = !inString;
    else if (inString && each === '\\') i++;
    else if (!inString && each === ':') count++;
  }
  return count;
}

/** Without recursion: a text may be nested as deeply as it is long. */
function membersIn(value: unknown): number {
  let count = 0;
  const open = [value];
  while (open.length > 0) {
    const each = open.pop();
    if (typeof each !== 'object' || each === null) continue;
    const values = Object.values(each);
    if (!Array.isArray(each)) count += values.length;
    for (const member of values) open.push(member);
  }
  return count;
}
