import { isDeepStrictEqual } from 'node:util';
import { eventFiles, eventOf, type Schema, type SchemaFile } from './schema-file.ts';
import { isSchema } from './walk.ts';

/**
 * Who cannot read whom after a change. `backward`: who has the new contract refuses events of the old one, which may
 * still wait in queues. `forward`: who still has the old contract refuses events of the new one.
 */
export type Breaks = 'backward' | 'forward';

/** One difference between two versions of a contract. */
export interface ContractChange {
  event: string;
  /** `messages[].role`; empty for the event as a whole. */
  field: string;
  what: string;
  /** Empty when both read each other as before. */
  breaks: Breaks[];
}

const NONE: Breaks[] = [];
const BACKWARD: Breaks[] = ['backward'];
const FORWARD: Breaks[] = ['forward'];
const BOTH: Breaks[] = ['backward', 'forward'];

/** Keywords that say nothing about what is valid. */
const SILENT = new Set([
  '$schema',
  '$id',
  'title',
  'description',
  'examples',
  'default',
  'deprecated',
  '$comment',
  'x-routing-key',
]);
const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const OBJECT = ['properties', 'required', 'additionalProperties', 'unevaluatedProperties'];

/**
 * What has changed between two sets of contracts. An event whose major version has risen is another event, and breaks
 * nobody. What cannot be compared (conditions, alternatives) and is not the same counts as breaking both ways: nothing
 * is called harmless that might not be.
 */
export function diffContracts(before: readonly SchemaFile[], after: readonly SchemaFile[]): ContractChange[] {
  const old = new Map(eventFiles(before).map((each) => [each.name, each.schema]));
  const now = new Map(eventFiles(after).map((each) => [each.name, each.schema]));
  const changes: ContractChange[] = [];
  for (const [event, schema] of old) {
    const next = now.get(event);
    if (next === undefined) {
      changes.push({ event, field: '', what: 'was removed', breaks: BACKWARD });
      continue;
    }
    const [from, to] = [eventOf(schema)?.major ?? 0, eventOf(next)?.major ?? 0];
    if (to > from) {
      changes.push({ event, field: '', what: `version ${from} became version ${to}`, breaks: NONE });
      continue;
    }
    if (to < from)
      changes.push({ event, field: '', what: `version ${from} went back to ${to}`, breaks: BOTH });
    const compare = new Comparison(event, schema, next);
    compare.schemas(schema, next, '');
    changes.push(...compare.changes);
    const [oldKey, newKey] = [schema['x-routing-key'], next['x-routing-key']];
    if (oldKey !== newKey)
      changes.push({
        event,
        field: '',
        what: `the routing key ${String(oldKey)} became ${String(newKey)}`,
        breaks: BOTH,
      });
  }
  for (const event of now.keys())
    if (!old.has(event)) changes.push({ event, field: '', what: 'is new', breaks: NONE });
  const envelopes = [before, after].map((files) => files.find(({ name }) => name === 'envelope')?.schema);
  if (envelopes[0] !== undefined && envelopes[1] !== undefined) {
    const compare = new Comparison('envelope', envelopes[0], envelopes[1]);
    compare.schemas(envelopes[0], envelopes[1], '');
    changes.push(...compare.changes);
  }
  return changes;
}

class Comparison {
  readonly changes: ContractChange[] = [];
  readonly #event: string;
  readonly #old: Schema;
  readonly #new: Schema;
  /** Pairs of definitions that are being compared: they may refer to themselves. */
  readonly #open = new Set<string>();

  constructor(event: string, old: Schema, next: Schema) {
    this.#event = event;
    this.#old = old;
    this.#new = next;
  }

  schemas(oldGiven: Schema, newGiven: Schema, field: string): void {
    const old = this.#resolve(oldGiven, this.#old);
    const next = this.#resolve(newGiven, this.#new);
    if (old === undefined || next === undefined) {
      if (!isDeepStrictEqual(oldGiven, newGiven)) this.#note(field, 'its reference has changed', BOTH);
      return;
    }
    const pair = `${String(oldGiven.$ref)} ${String(newGiven.$ref)}`;
    if (oldGiven.$ref !== undefined || newGiven.$ref !== undefined) {
      if (this.#open.has(pair)) return;
      this.#open.add(pair);
    }
    this.#types(old, next, field);
    this.#values(old, next, field);
    this.#bounds(old, next, field);
    this.#fields(old, next, field);
    this.#items(old, next, field);
    this.#rest(old, next, field);
    this.#open.delete(pair);
  }

  #note(field: string, what: string, breaks: Breaks[]): void {
    this.changes.push({ event: this.#event, field, what, breaks });
  }

  /** `undefined` for a reference that leads out of the file, or nowhere. */
  #resolve(schema: Schema, root: Schema): Schema | undefined {
    if (schema.$ref === undefined) return schema;
    const name = /^#\/\$defs\/([^/]+)$/.exec(String(schema.$ref))?.[1];
    const target = name === undefined ? undefined : root.$defs?.[name];
    if (target === undefined) return undefined;
    const { $ref: _, ...beside } = schema;
    return { ...target, ...beside };
  }

  #types(old: Schema, next: Schema, field: string): void {
    const [from, to] = [typesOf(old), typesOf(next)];
    const lost = from.filter((type) => !allows(to, type));
    const won = to.filter((type) => !allows(from, type));
    if (lost.length > 0) this.#note(field, `is no longer ${lost.join(', ')}`, BACKWARD);
    if (won.length > 0) this.#note(field, `may be ${won.join(', ')}`, FORWARD);
  }

  #values(old: Schema, next: Schema, field: string): void {
    const [from, to] = [valuesOf(old), valuesOf(next)];
    if (from === undefined && to === undefined) return;
    if (from === undefined || to === undefined) {
      if (to === undefined) this.#note(field, 'may have any value', FORWARD);
      else this.#note(field, `is only ${shown(to)}`, BACKWARD);
      return;
    }
    const has = (list: readonly unknown[], value: unknown) =>
      list.some((each) => isDeepStrictEqual(each, value));
    const lost = from.filter((value) => !has(to, value));
    const won = to.filter((value) => !has(from, value));
    if (lost.length > 0) this.#note(field, `no longer has the values ${shown(lost)}`, BACKWARD);
    if (won.length > 0) this.#note(field, `has the new values ${shown(won)}`, FORWARD);
  }

  #bounds(old: Schema, next: Schema, field: string): void {
    const compare = (keyword: string, narrower: (from: number, to: number) => boolean) => {
      const [from, to] = [old[keyword], next[keyword]];
      if (from === to) return;
      const what = `${keyword} ${from === undefined ? 'is' : `${String(from)} became`} ${String(to ?? 'none')}`;
      const isNarrower = from === undefined || (to !== undefined && narrower(Number(from), Number(to)));
      this.#note(field, what, isNarrower ? BACKWARD : FORWARD);
    };
    for (const keyword of LOWER_BOUNDS) compare(keyword, (from, to) => to > from);
    for (const keyword of UPPER_BOUNDS) compare(keyword, (from, to) => to < from);
    for (const keyword of ['pattern', 'format', 'multipleOf'] as const) {
      const [from, to] = [old[keyword], next[keyword]];
      if (from === to) continue;
      const breaks = from === undefined ? BACKWARD : to === undefined ? FORWARD : BOTH;
      this.#note(field, `${keyword} ${String(from ?? 'none')} became ${String(to ?? 'none')}`, breaks);
    }
  }

  #fields(old: Schema, next: Schema, field: string): void {
    const [from, to] = [old.properties ?? {}, next.properties ?? {}];
    const below = (name: string) => (field === '' ? name : `${field}.${name}`);
    const required = (schema: Schema, name: string) => schema.required?.includes(name) ?? false;
    for (const name of new Set([...(old.required ?? []), ...(next.required ?? [])])) {
      const [was, is] = [required(old, name), required(next, name)];
      if (!was && is) this.#note(below(name), 'is required now', BACKWARD);
      if (was && !is) this.#note(below(name), 'may be left out now', FORWARD);
    }
    for (const [name, schema] of Object.entries(from)) {
      const there = to[name];
      if (there !== undefined) this.schemas(schema, there, below(name));
      else this.#oneSided(below(name), 'was removed', schema, restOf(next), BACKWARD, FORWARD);
    }
    for (const [name, schema] of Object.entries(to)) {
      if (from[name] === undefined)
        this.#oneSided(below(name), 'is new', schema, restOf(old), FORWARD, BACKWARD);
    }
    const [openBefore, openAfter] = [restOf(old), restOf(next)];
    if (isDeepStrictEqual(openBefore, openAfter)) return;
    if (openAfter === false) this.#note(field, 'takes no other fields any more', BACKWARD);
    else if (openBefore === false) this.#note(field, 'takes other fields now', FORWARD);
    else this.#note(field, 'takes other fields than before', BOTH);
  }

  /**
   * A field that one side alone describes. The other side refuses it where it takes no other fields; where it takes
   * any, it may have been given with another meaning before.
   */
  #oneSided(
    field: string,
    what: string,
    schema: Schema,
    otherRest: unknown,
    refused: Breaks[],
    narrowed: Breaks[],
  ): void {
    const saysNothing = Object.keys(schema).every((keyword) => SILENT.has(keyword));
    const isSafe = otherRest === undefined && saysNothing;
    this.#note(field, what, otherRest === false ? refused : isSafe ? NONE : narrowed);
  }

  #items(old: Schema, next: Schema, field: string): void {
    const [from, to] = [old.items, next.items];
    if (from === undefined && to === undefined) return;
    if (from === undefined) this.#note(`${field}[]`, 'is described now', BACKWARD);
    else if (to === undefined) this.#note(`${field}[]`, 'may be anything now', FORWARD);
    else if (isSchema(from) && isSchema(to)) this.schemas(from, to, `${field}[]`);
    else if (!isDeepStrictEqual(from, to)) this.#note(`${field}[]`, 'has changed', BOTH);
  }

  #rest(old: Schema, next: Schema, field: string): void {
    const compared = new Set([
      ...SILENT,
      ...LOWER_BOUNDS,
      ...UPPER_BOUNDS,
      ...OBJECT,
      ...['type', 'enum', 'const', 'pattern', 'format', 'multipleOf', 'items', '$defs', '$ref'],
    ]);
    for (const keyword of new Set([...Object.keys(old), ...Object.keys(next)])) {
      if (compared.has(keyword) || isDeepStrictEqual(old[keyword], next[keyword])) continue;
      this.#note(field, `${keyword} has changed in a way that cannot be compared`, BOTH);
    }
  }
}

/** `undefined`: any other field; `false`: none; or what other fields must be. */
function restOf({ additionalProperties, unevaluatedProperties }: Schema): unknown {
  const rest = additionalProperties ?? unevaluatedProperties;
  return rest === true ? undefined : rest;
}

const ALL_TYPES = ['string', 'number', 'boolean', 'null', 'object', 'array'];

function typesOf({ type }: Schema): string[] {
  return type === undefined ? ALL_TYPES : [type].flat();
}

/** Every integer is a number. */
function allows(types: readonly string[], type: string): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'));
}

function valuesOf(schema: Schema): readonly unknown[] | undefined {
  if (schema.const !== undefined) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

function shown(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}
