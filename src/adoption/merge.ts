import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';

export interface Merged {
  text: string;
  /** Fields that people had changed, where what would be written has changed, too: theirs is kept. */
  kept: string[];
}

/**
 * Brings a file to what would be written now, and keeps what people have changed in it: a field is changed only where it
 * stands as it was written last. Without what was written last only what is missing is added.
 *
 * @param mine a mapping, or nothing but comments
 * @param last what was written last
 */
export function mergeStack(mine: string, last: string | undefined, next: string): Merged {
  const document = parseDocument(mine);
  const before = parseDocument(last ?? '');
  const wanted = parseDocument(next);
  const kept: string[] = [];
  if (!isMap(wanted.contents)) return { text: mine, kept };
  // Comments alone: they are somebody's, too.
  if (!isMap(document.contents))
    return { text: mine.trim() === '' ? next : `${mine.trimEnd()}\n\n${next}`, kept };
  const was = isMap(before.contents) ? before.contents : undefined;
  const changed = mergeMaps(document.contents, was, wanted.contents, [], { kept, document });
  if (!changed) return { text: mine, kept };
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  // Lines end as theirs do.
  return { text: /\r\n/.test(mine) ? text.replaceAll(/\r?\n/g, '\r\n') : text, kept };
}

/** Whether a text holds nothing, or comments alone. */
export function isEmptyYaml(text: string): boolean {
  const { contents, errors } = parseDocument(text);
  return contents === null && errors.length === 0;
}

interface Merging {
  kept: string[];
  document: Document;
}

/** Changes `mine`; says whether it did. */
function mergeMaps(
  mine: YAMLMap,
  before: YAMLMap | undefined,
  wanted: YAMLMap,
  path: readonly string[],
  merging: Merging,
): boolean {
  let changed = false;
  for (const pair of wanted.items) {
    const key = keyOf(pair);
    const own = pairIn(mine, key);
    const last = before && pairIn(before, key);
    const here = [...path, key];
    if (own === undefined) {
      // What people took out stays out.
      if (last !== undefined) {
        if (!same(last.value, pair.value)) merging.kept.push(here.join('.'));
        continue;
      }
      mine.items.push(pair);
      changed = true;
    } else if (isShared(own.value)) {
      if (!same(last?.value, pair.value)) merging.kept.push(here.join('.'));
    } else if (isMap(own.value) && isMap(pair.value)) {
      const inside = isMap(last?.value) ? last.value : undefined;
      if (mergeMaps(own.value, inside, pair.value, here, merging)) changed = true;
    } else if (same(own.value, pair.value)) {
      if (last !== undefined && takeComment(own, last, pair)) changed = true;
    } else if (last !== undefined && same(own.value, last.value)) {
      own.value = pair.value;
      changed = true;
    } else if (last === undefined || !same(last.value, pair.value)) merging.kept.push(here.join('.'));
  }
  for (const last of before?.items ?? []) {
    const key = keyOf(last);
    if (pairIn(wanted, key) !== undefined) continue;
    const own = pairIn(mine, key);
    if (own === undefined) continue;
    if (isShared(own.value) || !same(own.value, last.value)) {
      merging.kept.push([...path, key].join('.'));
      continue;
    }
    mine.items.splice(mine.items.indexOf(own), 1);
    changed = true;
  }
  return changed;
}

/** The place that a line says it comes from, where it stands as it was written. */
function takeComment(own: Pair, last: Pair, wanted: Pair): boolean {
  const [mine, before, next] = [own.value, last.value, wanted.value];
  if (!isNode(mine) || !isNode(before) || !isNode(next) || isMap(mine)) return false;
  if (mine.comment !== before.comment || mine.comment === next.comment) return false;
  if (next.comment == null) return false;
  mine.comment = next.comment;
  return true;
}

/** Whether it stands for another, or others for it: a change here would be one there. */
function isShared(value: unknown): boolean {
  return isAlias(value) || (isNode(value) && 'anchor' in value && value.anchor !== undefined);
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function pairIn(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyOf(pair) === key);
}

function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

function plain(value: unknown): unknown {
  return isNode(value) ? (value as Node).toJSON() : value;
}
