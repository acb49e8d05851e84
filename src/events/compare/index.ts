import type { Breaks } from '../../model/contract.ts';
import type { Node, References } from '../references.ts';
import type { Schema } from '../schema-file.ts';
import { isSchema } from '../walk.ts';
import { BACKWARD, BOTH, FORWARD } from './change.ts';
import { areDisjoint } from './disjoint.ts';
import { governing, OF_FIELDS, restOf } from './fields.ts';
import { looksAround, type Part, partsOf, Sameness, SILENT } from './parts.ts';
import { compareValues, OF_VALUES } from './values.ts';

/** One difference between two versions of a schema. */
export interface SchemaChange {
  /** `messages[].role`; empty for the schema as a whole. */
  field: string;
  what: string;
  /** Empty when both read each other as before. */
  breaks: Breaks[];
}

const EVERYTHING: Schema = {};
const COMPARED = new Set([
  ...SILENT,
  ...OF_VALUES,
  ...OF_FIELDS,
  ...['$ref', 'allOf', 'anyOf', 'oneOf', 'items', 'prefixItems', 'unevaluatedItems', 'then', 'else'],
]);

/**
 * Compares two schemas part by part: what must hold together, each on its own. Nothing is called harmless that might
 * not be: whatever cannot be compared and is not the same breaks both ways.
 */
export class Comparison {
  changes: SchemaChange[] = [];
  readonly #old: References;
  readonly #new: References;
  readonly #same: Sameness;
  /** What was found for each pair of parts; `undefined` while it is being compared: schemas may refer to themselves. */
  readonly #pairs = new Map<Schema, Map<Schema, { field: string; breaks: Breaks[] } | undefined>>();

  constructor(old: References, next: References) {
    this.#old = old;
    this.#new = next;
    this.#same = new Sameness(old, next);
  }

  /** What has changed for a value that must match all of these. */
  schemas(old: readonly Node[], next: readonly Node[], field: string): void {
    const [from, to] = [partsOf(old, this.#old), partsOf(next, this.#new)];
    const { from: gone, to: come } = this.#same.differing(from, to);
    if (gone.length === 0 && come.length === 0) return;
    if ([...from, ...to].some(looksAround))
      this.#note(field, 'what it leaves unevaluated cannot be compared', BOTH);
    for (let index = 0; index < Math.max(gone.length, come.length); index += 1)
      this.#parts(gone[index] ?? EVERYTHING, come[index] ?? EVERYTHING, field);
  }

  #parts(old: Part, next: Part, field: string): void {
    if (typeof old === 'string' || typeof next === 'string') {
      this.#note(field, 'a reference that leads nowhere, or what is no schema, has changed', BOTH);
      return;
    }
    if (old === false || next === false) {
      if (old !== next)
        this.#note(
          field,
          old === false ? 'may be there now' : 'may be nothing now',
          old === false ? FORWARD : BACKWARD,
        );
      return;
    }
    const pairs = this.#pairs.get(old) ?? new Map();
    this.#pairs.set(old, pairs);
    if (pairs.has(next)) {
      const known = pairs.get(next);
      if (known !== undefined && known.breaks.length > 0)
        this.#note(field, `has changed as ${known.field || 'the event'} has`, known.breaks);
      return;
    }
    pairs.set(next, undefined);
    const changes = this.#collect(() => this.#plain(old, next, field));
    this.changes.push(...changes);
    pairs.set(next, { field, breaks: breaksOf(changes) });
  }

  #plain(old: Schema, next: Schema, field: string): void {
    if (isChoice(old) !== isChoice(next) && old !== EVERYTHING && next !== EVERYTHING) {
      // A schema of one kind that becomes one of several, or the other way round.
      this.#alternatives(choicesOf(old), choicesOf(next), field, 'anyOf');
      return;
    }
    compareValues(old, next, (what, breaks) => this.#note(field, what, breaks));
    this.#fields(old, next, field);
    this.#items(old, next, field);
    this.#choices(old, next, field);
    this.#conditions(old, next, field);
    for (const keyword of new Set([...Object.keys(old), ...Object.keys(next)])) {
      if (COMPARED.has(keyword)) continue;
      const [from, to] = [{ [keyword]: old[keyword] }, { [keyword]: next[keyword] }];
      if (!this.#same.nodes(withoutUndefined(from), withoutUndefined(to)))
        this.#note(field, `${keyword} has changed in a way that cannot be compared`, BOTH);
    }
  }

  #fields(old: Schema, next: Schema, field: string): void {
    const below = (name: string) => (field === '' ? name : `${field}.${name}`);
    const required = (schema: Schema, name: string) => schema.required?.includes(name) ?? false;
    for (const name of new Set([...(old.required ?? []), ...(next.required ?? [])])) {
      const [was, is] = [required(old, name), required(next, name)];
      if (!was && is) this.#note(below(name), 'is required now', BACKWARD);
      if (was && !is) this.#note(below(name), 'may be left out now', FORWARD);
    }
    const [from, to] = [old.properties ?? {}, next.properties ?? {}];
    for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
      const [was, is] = [governing(old, name), governing(next, name)];
      if (Object.hasOwn(from, name) && Object.hasOwn(to, name)) this.schemas(was, is, below(name));
      else {
        // The other side refuses the field where it takes no others; where it takes any, it may have meant another.
        const breaks = breaksOf(this.#collect(() => this.schemas(was, is, below(name))));
        this.#note(below(name), Object.hasOwn(to, name) ? 'is new' : 'was removed', breaks);
      }
    }
    const [patterns, patternsNow] = [old.patternProperties, next.patternProperties].map((map) =>
      isSchema(map) ? map : {},
    );
    const names = Object.keys(patterns ?? {});
    if (
      names.length !== Object.keys(patternsNow ?? {}).length ||
      !names.every((name) => Object.hasOwn(patternsNow ?? {}, name))
    )
      this.#note(field, 'patternProperties has changed in a way that cannot be compared', BOTH);
    else
      for (const name of names)
        this.schemas([patterns?.[name] as Node], [patternsNow?.[name] as Node], below(`/${name}/`));
    this.#others(restOf(old), restOf(next), field, below('*'));
    this.#optional(old.propertyNames, next.propertyNames, below('(name)'));
    for (const keyword of ['dependentSchemas', 'dependentRequired'] as const)
      this.#dependent(keyword, old, next, below);
  }

  #others(old: Node, next: Node, field: string, below: string): void {
    if (this.#same.nodes(old, next)) return;
    if (next === false) this.#note(field, 'takes no other fields any more', BACKWARD);
    else if (old === false) this.#note(field, 'takes other fields now', FORWARD);
    else this.schemas([old], [next], below);
  }

  #dependent(
    keyword: 'dependentSchemas' | 'dependentRequired',
    old: Schema,
    next: Schema,
    below: (name: string) => string,
  ): void {
    const [from, to] = [old[keyword], next[keyword]].map((map) => (isSchema(map) ? map : {}));
    const node = (value: unknown): Node =>
      Array.isArray(value) ? { required: value as string[] } : ((value as Node | undefined) ?? true);
    for (const name of new Set([...Object.keys(from ?? {}), ...Object.keys(to ?? {})]))
      this.schemas([node(from?.[name])], [node(to?.[name])], below(`(with ${name})`));
  }

  #items(old: Schema, next: Schema, field: string): void {
    const [first, firstNow] = [old.prefixItems, next.prefixItems].map((list) =>
      Array.isArray(list) ? (list as Node[]) : [],
    );
    const [rest, restNow] = [old, next].map(
      ({ items, unevaluatedItems }) => (items ?? unevaluatedItems) as Node | undefined,
    );
    for (let index = 0; index < Math.max(first?.length ?? 0, firstNow?.length ?? 0); index += 1)
      this.schemas(
        [first?.[index] ?? rest ?? true],
        [firstNow?.[index] ?? restNow ?? true],
        `${field}[${index}]`,
      );
    this.#optional(rest, restNow, `${field}[]`);
  }

  /** A schema that need not stand there: without it anything is valid. */
  #optional(old: unknown, next: unknown, field: string): void {
    if (old !== undefined && next !== undefined) {
      this.schemas([old as Node], [next as Node], field);
      return;
    }
    const changes = this.#collect(() =>
      this.schemas([(old ?? true) as Node], [(next ?? true) as Node], field),
    );
    const breaks = breaksOf(changes);
    if (breaks.length > 0)
      this.#note(field, old === undefined ? 'is described now' : 'may be anything now', breaks);
  }

  #choices(old: Schema, next: Schema, field: string): void {
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      const [from, to] = [old[keyword], next[keyword]];
      if (this.#same.nodes({ [keyword]: from ?? [] }, { [keyword]: to ?? [] })) continue;
      if (from === undefined) this.#note(field, `must be one of several (${keyword}) now`, BACKWARD);
      else if (to === undefined) this.#note(field, `need not be one of several (${keyword}) now`, FORWARD);
      else if (keyword === 'anyOf' || this.#exclude(from, to))
        this.#alternatives(listOf(from), listOf(to), field, keyword);
      else this.#note(field, `${keyword} has changed in a way that cannot be compared`, BOTH);
    }
  }

  /** One of several that exclude one another is any of them; of others more are refused when one takes more. */
  #exclude(old: unknown, next: unknown): boolean {
    return areDisjoint(listOf(old), this.#old) && areDisjoint(listOf(next), this.#new);
  }

  #alternatives(old: readonly Node[], next: readonly Node[], field: string, keyword: string): void {
    const { from, to } = this.#same.differing(old, next);
    for (let index = 0; index < Math.max(from.length, to.length); index += 1) {
      const [was, is] = [from[index], to[index]];
      if (was === undefined) this.#note(field, `may be another kind (${keyword}) now`, FORWARD);
      else if (is === undefined) this.#note(field, `may be one kind (${keyword}) less`, BACKWARD);
      else this.schemas([was], [is], field);
    }
  }

  #conditions(old: Schema, next: Schema, field: string): void {
    if (old.if === undefined && next.if === undefined) return;
    if (!this.#same.nodes(old.if, next.if)) return;
    for (const keyword of ['then', 'else'] as const)
      this.schemas([(old[keyword] ?? true) as Node], [(next[keyword] ?? true) as Node], field);
  }

  #note(field: string, what: string, breaks: Breaks[]): void {
    this.changes.push({ field, what, breaks });
  }

  /** The changes that the work would have taken down. */
  #collect(work: () => void): SchemaChange[] {
    const before = this.changes;
    this.changes = [];
    try {
      work();
      return this.changes;
    } finally {
      this.changes = before;
    }
  }
}

function breaksOf(changes: readonly SchemaChange[]): Breaks[] {
  const all = new Set(changes.flatMap(({ breaks }) => breaks));
  return BOTH.filter((each) => all.has(each));
}

/** A schema that says nothing but that one of several must match. */
function isChoice(schema: Schema): boolean {
  return (
    Array.isArray(schema.anyOf) &&
    Object.keys(schema).every((keyword) => keyword === 'anyOf' || SILENT.has(keyword))
  );
}

function choicesOf(schema: Schema): Node[] {
  return isChoice(schema) ? listOf(schema.anyOf) : [schema];
}

function listOf(list: unknown): Node[] {
  return Array.isArray(list) ? (list as Node[]) : [];
}

function withoutUndefined(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
