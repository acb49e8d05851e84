import type { Uri } from './uri.ts';

/** What a path leads to. */
export interface Candidate<T> {
  readonly uri: Uri;
  readonly priority: number;
  /** Among equals the lower is tried first. */
  readonly order: number;
  readonly target: T;
}

interface RadixNode<T> {
  /** The piece of the path that leads here from the parent. */
  edge: string;
  children: Map<string, RadixNode<T>>;
  candidates: Candidate<T>[];
}

const radixNode = <T>(edge: string): RadixNode<T> => ({ edge, children: new Map(), candidates: [] });

/**
 * Finds what a path leads to in the order of lua-resty-radixtree: what is that very path, then what it begins with, the
 * longest first. Within one of these a higher priority comes first, then the longer `uri`, then the lower order. The
 * cost of a search grows with the length of the path, not with the number of routes.
 */
export class PathTable<T> {
  readonly #exact = new Map<string, Candidate<T>[]>();
  readonly #prefixes = radixNode<T>('');
  #size = 0;

  get empty(): boolean {
    return this.#size === 0;
  }

  add(candidate: Candidate<T>): void {
    const { exact, key } = candidate.uri;
    this.#size++;
    if (!exact) {
      insert(this.#radixAt(key).candidates, candidate);
      return;
    }
    const list = this.#exact.get(key) ?? [];
    insert(list, candidate);
    this.#exact.set(key, list);
  }

  remove(candidate: Candidate<T>): void {
    const { exact, key } = candidate.uri;
    if (!exact) {
      if (removeRadix(this.#prefixes, key, candidate)) this.#size--;
      return;
    }
    const list = this.#exact.get(key);
    if (list === undefined || !take(list, candidate)) return;
    if (list.length === 0) this.#exact.delete(key);
    this.#size--;
  }

  /** Gives the first that `accept` gives for a candidate; whether its `uri` binds the path is for `accept` to see. */
  find<R>(path: string, accept: (candidate: Candidate<T>) => R | undefined): R | undefined {
    return firstOf(this.#exact.get(path) ?? [], accept) ?? findRadix(this.#prefixes, path, 0, accept);
  }

  #radixAt(prefix: string): RadixNode<T> {
    let node = this.#prefixes;
    let rest = prefix;
    while (rest !== '') {
      const child = node.children.get(rest.charAt(0));
      if (child === undefined) {
        const leaf = radixNode<T>(rest);
        node.children.set(rest.charAt(0), leaf);
        return leaf;
      }
      const shared = sharedLength(child.edge, rest);
      if (shared < child.edge.length) {
        const middle = radixNode<T>(child.edge.slice(0, shared));
        child.edge = child.edge.slice(shared);
        middle.children.set(child.edge.charAt(0), child);
        node.children.set(rest.charAt(0), middle);
        node = middle;
      } else {
        node = child;
      }
      rest = rest.slice(shared);
    }
    return node;
  }
}

function firstOf<T, R>(
  candidates: readonly Candidate<T>[],
  accept: (candidate: Candidate<T>) => R | undefined,
): R | undefined {
  for (const candidate of candidates) {
    const found = accept(candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

function insert<T>(list: Candidate<T>[], candidate: Candidate<T>): void {
  const place = list.findIndex((each) => comesBefore(candidate, each));
  list.splice(place === -1 ? list.length : place, 0, candidate);
}

function comesBefore<T>(a: Candidate<T>, b: Candidate<T>): boolean {
  const byRank = b.priority - a.priority || Buffer.byteLength(b.uri.text) - Buffer.byteLength(a.uri.text);
  return (byRank || a.order - b.order) < 0;
}

function take<E>(list: E[], element: E): boolean {
  const place = list.indexOf(element);
  if (place === -1) return false;
  list.splice(place, 1);
  return true;
}

function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function findRadix<T, R>(
  node: RadixNode<T>,
  path: string,
  at: number,
  accept: (candidate: Candidate<T>) => R | undefined,
): R | undefined {
  const child = at < path.length ? node.children.get(path.charAt(at)) : undefined;
  if (child !== undefined && path.startsWith(child.edge, at)) {
    const found = findRadix(child, path, at + child.edge.length, accept);
    if (found !== undefined) return found;
  }
  return firstOf(node.candidates, accept);
}

function removeRadix<T>(node: RadixNode<T>, rest: string, candidate: Candidate<T>): boolean {
  if (rest === '') return take(node.candidates, candidate);
  const child = node.children.get(rest.charAt(0));
  if (child === undefined || !rest.startsWith(child.edge)) return false;
  if (!removeRadix(child, rest.slice(child.edge.length), candidate)) return false;
  if (child.candidates.length === 0 && child.children.size === 0) node.children.delete(rest.charAt(0));
  return true;
}
