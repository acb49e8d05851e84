import { isDeepStrictEqual } from 'node:util';
import type { Node, References } from '../references.ts';
import { QUEUE, ROUTING_KEY, type Schema } from '../schema-file.ts';
import { holdsSchemas, isSchema } from '../walk.ts';

/** Keywords that say nothing about what is valid, or say it only where something refers to them. */
export const SILENT = new Set([
  ...['$schema', '$id', '$anchor', '$dynamicAnchor', '$vocabulary', '$comment', '$defs', 'definitions'],
  ...[
    'title',
    'description',
    'examples',
    'default',
    'deprecated',
    'readOnly',
    'writeOnly',
    ROUTING_KEY,
    QUEUE,
  ],
]);
/** Keywords that lead to other schemas which must hold as well. */
const JOINING = new Set(['$ref', '$dynamicRef', 'allOf']);

/**
 * What must hold for a value, all of it: schemas of which `$ref` and `allOf` are not read any more, `false`, and
 * references that lead nowhere and what is no schema (as their text).
 */
export type Part = Schema | false | string;

/** The parts of these schemas together, in order, each once. */
export function partsOf(nodes: readonly Node[], references: References): Part[] {
  const parts = new Set<Part>();
  const seen = new Set<Schema>();
  const add = (node: unknown): void => {
    if (node === false) parts.add(false);
    // A list of `items`, as drafts before 2020-12 have it, is no schema: it is compared as it stands.
    else if (node !== true && node !== undefined && !isSchema(node)) parts.add(JSON.stringify(node));
    if (!isSchema(node) || seen.has(node)) return;
    seen.add(node);
    for (const keyword of ['$ref', '$dynamicRef'] as const) {
      const reference = node[keyword];
      if (typeof reference !== 'string') continue;
      const target = references.target(node, reference);
      if (target === undefined) parts.add(reference);
      else add(target);
    }
    if (Object.keys(node).some((keyword) => !SILENT.has(keyword) && !JOINING.has(keyword))) parts.add(node);
    if (Array.isArray(node.allOf)) for (const each of node.allOf) add(each);
  };
  for (const node of nodes) add(node);
  return [...parts];
}

/** Whether two schemas of two sets are the same to whoever validates with them, wherever their references lead. */
export class Sameness {
  readonly #old: References;
  readonly #new: References;

  constructor(old: References, next: References) {
    this.#old = old;
    this.#new = next;
  }

  nodes(old: unknown, next: unknown, seen = new Map<unknown, Set<unknown>>()): boolean {
    if (!isSchema(old) || !isSchema(next)) return isDeepStrictEqual(old, next);
    const met = seen.get(old) ?? new Set();
    // Definitions that refer to themselves are the same when nothing else in them differs.
    if (met.has(next)) return true;
    seen.set(old, met.add(next));
    const keywords = new Set([...Object.keys(old), ...Object.keys(next)]);
    return [...keywords].every((keyword) => {
      if (SILENT.has(keyword)) return true;
      const [from, to] = [old[keyword], next[keyword]];
      if (keyword === '$ref' || keyword === '$dynamicRef') {
        if (typeof from !== 'string' || typeof to !== 'string') return from === to;
        const targets = [this.#old.target(old, from), this.#new.target(next, to)];
        return targets.includes(undefined) ? from === to : this.nodes(targets[0], targets[1], seen);
      }
      switch (holdsSchemas(keyword)) {
        case 'one':
          return this.nodes(from, to, seen);
        case 'list':
          return (
            Array.isArray(from) &&
            Array.isArray(to) &&
            from.length === to.length &&
            from.every((each, index) => this.nodes(each, to[index], seen))
          );
        case 'map':
          return (
            isSchema(from) &&
            isSchema(to) &&
            isDeepStrictEqual(Object.keys(from).sort(), Object.keys(to).sort()) &&
            Object.keys(from).every((name) => this.nodes(from[name], to[name], seen))
          );
        default:
          return isDeepStrictEqual(from, to);
      }
    });
  }

  /** Those of two lists that have no same one in the other, in their order. */
  differing<T>(old: readonly T[], next: readonly T[]): { from: T[]; to: T[] } {
    const to = [...next];
    const from = old.filter((each) => {
      const place = to.findIndex((other) => this.nodes(each, other));
      if (place !== -1) to.splice(place, 1);
      return place === -1;
    });
    return { from, to };
  }
}

const EVALUATING = [
  '$ref',
  '$dynamicRef',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'dependentSchemas',
  'contains',
];

/**
 * Whether what a schema refuses depends on what others beside it have looked at: `unevaluatedProperties` and
 * `unevaluatedItems` next to other schemas. It cannot be compared part by part.
 */
export function looksAround(part: Part): boolean {
  if (!isSchema(part)) return false;
  const closes = ['unevaluatedProperties', 'unevaluatedItems'].some((keyword) => {
    const value = part[keyword];
    return value !== undefined && value !== true;
  });
  return closes && EVALUATING.some((keyword) => part[keyword] !== undefined);
}
