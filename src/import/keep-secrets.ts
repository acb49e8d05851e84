import { NAME } from '../config/fields.ts';
import { freeName } from '../config/name.ts';
import { hasReferences } from '../config/reference.ts';
import { SECRET_WORDS } from '../gateway/index.ts';
import type { ImportedObject } from '../model/import.ts';
import { isRecord } from '../record.ts';

/** Fields that hold a secret in the plugins of APISIX: `secret_length` holds none. */
const SECRET = new RegExp(`^(.*[_-])?(${SECRET_WORDS})$`, 'i');
/** Fields that hold one in what a consumer is known by, and in a certificate. */
const OF_CONSUMER = new Set(['key', 'secret', 'secret_key', 'password', 'private_key']);
/** APISIX's own references lead to a secret; they are none. */
const ELSEWHERE = /^\$(secret|env|file|ENV):\/\//;

export interface KeptSecrets<Item> {
  objects: Item[];
  /** The values by the names that they got. */
  secrets: Record<string, string>;
}

/**
 * Puts a reference in the place of each secret, so that no file of the stack holds one. A value that is a secret of the stack
 * already is referred to by its name.
 */
export function keepSecrets<Item extends ImportedObject>(
  objects: readonly Item[],
  known: Readonly<Record<string, string>>,
): KeptSecrets<Item> {
  const secrets: Record<string, string> = {};
  const names = new Map(Object.entries(known).map(([name, value]) => [value, name]));
  const nameOf = (value: string, words: readonly string[]): string => {
    const there = names.get(value);
    if (there !== undefined) return there;
    const name = freeName(nameFrom(words), (each) => each in known || each in secrets);
    names.set(value, name);
    secrets[name] = value;
    return name;
  };
  const kept = (item: ImportedObject, value: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(value)) return value.map((each) => kept(item, each, path));
    if (isRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name, kept(item, each, [...path, name])]),
      );
    }
    if (typeof value !== 'string' || value === '' || !isSecret(item, path)) return value;
    if (hasReferences(value) || ELSEWHERE.test(value)) return value;
    return `\${secrets.${nameOf(value.replaceAll('$${', '${'), [item.id, path.at(-1) ?? ''])}}`;
  };
  return {
    objects: objects.map((item) => ({ ...item, object: kept(item, item.object, []) as Item['object'] })),
    secrets,
  };
}

function isSecret({ kind }: ImportedObject, path: readonly string[]): boolean {
  const last = path.at(-1) ?? '';
  if (kind === 'ssl') return path[0] === 'key' || path[0] === 'keys';
  const ofConsumer =
    (kind === 'consumer' || kind === 'credential') && path.some((name) => name.endsWith('-auth'));
  return (ofConsumer && OF_CONSUMER.has(last)) || SECRET.test(last);
}

/** `app/bearer` and `key` are `app-bearer-key`. */
function nameFrom(words: readonly string[]): string {
  const name = words
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return NAME.test(name) ? name : 'imported-secret';
}
