import type { Schema, SchemaFile } from './schema-file.ts';
import { isSchema } from './walk.ts';

/** A schema as it may stand anywhere: `true` takes everything, `false` nothing. */
export type Node = Schema | boolean;

const ANCHORS = ['$anchor', '$dynamicAnchor'] as const;

/**
 * What the references in a set of schemas lead to: by the id of a file or of a schema within it, by an anchor, or by a
 * JSON Pointer to any place (https://json-schema.org/draft/2020-12/json-schema-core#section-8.2).
 */
export class References {
  readonly #byId = new Map<string, Schema>();
  readonly #byAnchor = new Map<string, Schema>();
  /** The id that references within a schema are relative to. */
  readonly #bases = new WeakMap<object, string>();

  constructor(files: readonly SchemaFile[]) {
    for (const { schema, name } of files) {
      const id = typeof schema.$id === 'string' ? schema.$id : `urn:file:${name}`;
      this.#byId.set(withoutFragment(id), schema);
      this.#note(schema, withoutFragment(id));
    }
  }

  /** What a reference in this schema leads to; `undefined` for one that leads nowhere. */
  target(schema: Schema, reference: string): Node | undefined {
    const base = this.#bases.get(schema) ?? '';
    const [id = '', fragment = ''] = splitAt(reference, '#');
    const address = id === '' ? base : absolute(id, base);
    const root = this.#byId.get(address);
    if (root === undefined) return undefined;
    if (fragment === '') return root;
    if (fragment.startsWith('/')) return at(root, decoded(fragment));
    return this.#byAnchor.get(`${address}#${fragment}`);
  }

  #note(value: unknown, base: string): void {
    if (Array.isArray(value)) for (const each of value) this.#note(each, base);
    if (!isSchema(value)) return;
    const own = typeof value.$id === 'string' ? withoutFragment(absolute(value.$id, base)) : base;
    if (own !== base) this.#byId.set(own, value);
    for (const keyword of ANCHORS)
      if (typeof value[keyword] === 'string') this.#byAnchor.set(`${own}#${value[keyword]}`, value);
    this.#bases.set(value, own);
    for (const each of Object.values(value)) this.#note(each, own);
  }
}

function absolute(reference: string, base: string): string {
  // An URN has no folders: what stands in it alone is an id of its own.
  return URL.canParse(reference) || !URL.canParse(reference, base)
    ? reference
    : new URL(reference, base).href;
}

function at(root: Schema, pointer: string): Node | undefined {
  let value: unknown = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return isSchema(value) || typeof value === 'boolean' ? value : undefined;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function withoutFragment(id: string): string {
  return splitAt(id, '#')[0] ?? id;
}

function splitAt(text: string, mark: string): string[] {
  const place = text.indexOf(mark);
  return place === -1 ? [text] : [text.slice(0, place), text.slice(place + 1)];
}
