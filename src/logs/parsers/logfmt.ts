import { readJson } from '../json-line.ts';
import type { LogParser } from '../parser.ts';

/** A name, and behind an equals sign a word or a text in quotes. */
const PAIR = /([^\s="]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?:\s+|$)/y;
const NAMES = {
  message: ['msg', 'message', 'event'],
  timestamp: ['time', 'ts', 'timestamp', 't'],
  level: ['level', 'lvl', 'severity'],
};

/** logfmt, as logrus, go-kit and Heroku write it: `time="2026-…" level=info msg="ready" port=8000`. */
export const logfmt: LogParser = {
  name: 'logfmt',
  of: 'text',
  kind: 'own',
  read({ text }, options) {
    const fields = pairsIn(text);
    if (fields === undefined) return undefined;
    const has = (names: readonly string[]) => names.some((name) => Object.hasOwn(fields, name));
    if (!has(NAMES.message) || !(has(NAMES.level) || has(NAMES.timestamp))) return undefined;
    return readJson(numbered(fields), options, NAMES);
  },
};

/** All that a line consists of, where it consists of pairs. */
export function pairsIn(text: string): Record<string, string> | undefined {
  const trimmed = text.trim();
  if (!trimmed.includes('=')) return undefined;
  const pairs: [string, string][] = [];
  let at = 0;
  while (at < trimmed.length) {
    PAIR.lastIndex = at;
    const [found, name = '', quoted, bare = ''] = PAIR.exec(trimmed) ?? [];
    if (found === undefined) return undefined;
    pairs.push([name, quoted === undefined ? bare : unquoted(quoted)]);
    at += found.length;
  }
  return Object.fromEntries(pairs);
}

function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text.replaceAll(/\\(.)/g, '$1');
  }
}

/** Times may be numbers since the epoch. */
function numbered(fields: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) =>
      NAMES.timestamp.includes(name) && /^\d+(?:\.\d+)?$/.test(value) ? [name, Number(value)] : [name, value],
    ),
  );
}
