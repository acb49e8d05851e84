import type { Schema } from './schema-file.ts';

/** One name for each schema that becomes a type, and each name once. */
export class TypeNames {
  readonly #names = new Map<Schema, string>();
  readonly #taken: Set<string>;

  constructor(taken: readonly string[]) {
    this.#taken = new Set(taken);
  }

  /** Gives the schema a name that is made of this text; one that has a name keeps it. */
  give(schema: Schema, text: string): void {
    if (this.#names.has(schema)) return;
    const wanted = pascal(text);
    let name = wanted;
    for (let number = 2; this.#taken.has(name); number += 1) name = `${wanted}${number}`;
    this.#taken.add(name);
    this.#names.set(schema, name);
  }

  of(schema: Schema): string {
    return this.#names.get(schema) ?? 'unknown';
  }
}

function pascal(text: string): string {
  const name = text
    .replace(/(^|[^\p{L}\p{N}]+)([\p{L}\p{N}])/gu, (_, __, letter: string) => letter.toUpperCase())
    .replace(/[^\p{ID_Continue}]/gu, '');
  return /^\p{ID_Start}/u.test(name) ? name : `Type${name}`;
}

/** The name of a field, quoted where it must be. */
export function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

/** A JSON value as the type that only it has. */
export function literal(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return `'${JSON.stringify(value).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}

export function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  if (distinct.includes('unknown')) return 'unknown';
  return distinct.length === 0
    ? 'never'
    : distinct.map((type) => (type.includes('&') ? `(${type})` : type)).join(' | ');
}
