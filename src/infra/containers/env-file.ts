/**
 * One `NAME='value'` a line. In single quotes everything stands for itself but the quote and the backslash before it
 * (compose-go, dotenv). What cannot be said in single quotes is said in double ones, where `\`, `"`, `$` and ends of lines
 * are escaped.
 */
export function formatEnv(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`);
  return `${lines.join('\n')}\n`;
}

function quoted(value: string): string {
  if (!/['\\\r\n]/.test(value)) return `'${value}'`;
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('$', '\\$')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

const ESCAPED: Record<string, string> = { n: '\n', r: '\r' };

/** Reads what `formatEnv` writes, comments and blank lines around it, and plain `NAME=value`. */
export function parseEnv(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const [, single] = /^'([^']*)'\s*$/.exec(value) ?? [];
    const [, double] = /^"((?:[^"\\]|\\.)*)"\s*$/.exec(value) ?? [];
    if (single !== undefined) values[name] = single;
    else if (double !== undefined)
      values[name] = double.replace(/\\(.)/g, (_, escaped: string) => ESCAPED[escaped] ?? escaped);
    else values[name] = value.replace(/\s+#.*$/, '').trim();
  }
  return values;
}
