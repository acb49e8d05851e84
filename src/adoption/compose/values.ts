import { isRecord } from '../../record.ts';
import type { Health } from '../fact.ts';
import { commandOf, unwrapped, wordsOf } from '../words.ts';

export type Mapping = Record<string, unknown>;

export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** `command` and `entrypoint`, a text or a list. */
export function wordsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : commandOf(value);
  return Array.isArray(value) ? unwrapped(value.map(String)) : [];
}

/** `KEY=value` in a list, or a mapping; a name alone is passed on from outside. */
export function pairsOf(value: unknown): Map<string, { text: string; key: string | number }> {
  const pairs = new Map<string, { text: string; key: string | number }>();
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) {
      const [, name = '', text] = /^([^=]+)(?:=([\s\S]*))?$/.exec(String(each)) ?? [];
      if (name !== '') pairs.set(name.trim(), { text: text ?? `\${${name.trim()}:-}`, key: index });
    }
  } else if (isRecord(value)) {
    for (const [name, text] of Object.entries(value)) {
      const passed = text === null || text === undefined;
      pairs.set(name, { text: passed ? `\${${name}:-}` : String(text), key: name });
    }
  }
  return pairs;
}

/** With the defaults of variables in the place of them: `${PORT:-8080}:80` → `8080:80`. */
export function withDefaults(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)/g, (_, braced, word, plain) => {
    return values.get(braced ?? plain) ?? word ?? '';
  });
}

/** One of `ports`: `80`, `8080:80`, `127.0.0.1:8080:80/tcp`, or a mapping. `undefined` for a range, UDP, and what is none. */
export function portOf(
  value: unknown,
  values: ReadonlyMap<string, string>,
): { inside: number; outside?: number } | undefined {
  if (isRecord(value)) {
    const inside = whole(withDefaults(String(value.target ?? ''), values));
    const outside = whole(withDefaults(String(value.published ?? ''), values));
    if (inside === undefined || value.protocol === 'udp') return undefined;
    return { inside, ...(outside === undefined ? {} : { outside }) };
  }
  const [address = '', protocol = 'tcp'] = withDefaults(String(value), values).split('/');
  const parts = address.replace(/^\[[^\]]*\]:/, '').split(':');
  const inside = whole(parts.at(-1) ?? '');
  const outside = parts.length > 1 ? whole(parts.at(-2) ?? '') : undefined;
  if (inside === undefined || protocol !== 'tcp') return undefined;
  return { inside, ...(outside === undefined ? {} : { outside }) };
}

export function whole(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= 1 && number <= 65_535 ? number : undefined;
}

/** `1m30s` in seconds. */
export function secondsOf(value: unknown): number | undefined {
  const text = String(value ?? '');
  if (!/^(\d+(\.\d+)?(h|m|s|ms|us))+$/.test(text)) return undefined;
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001, us: 0.000001 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|m|s)/g)];
  return parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * (units[unit] ?? 1), 0);
}

/** The path that a health check asks for, with curl, wget or anything else that is given a URL of this machine. */
export function healthOf(test: unknown): Health | undefined {
  const line = Array.isArray(test) ? test.map(String).join(' ') : String(test ?? '');
  const url =
    /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::[\w${}:-]+)?(\/[^\s'"`|;)\\]*)?/.exec(line);
  if (url !== null) return { path: url[1] ?? '/' };
  if (/\bnc\b.*-\w*z|\/dev\/tcp\//.test(line)) return { tcp: true };
  const words = Array.isArray(test) ? test.slice(1).map(String) : undefined;
  if (words !== undefined && Array.isArray(test) && test[0] === 'CMD' && words.length > 0)
    return { command: words };
  const plain = wordsOf(line.replace(/^CMD(-SHELL)?\s+/, '').replace(/\s*\|\|\s*exit \d+\s*$/, ''));
  return plain === undefined || plain[0] === 'NONE' ? undefined : { command: plain };
}
