/** What a path leads to, in the order in which it is to be tried. */
export interface Candidate<T> {
  priority: number;
  target: T;
  /** The `uri` as the route has it. */
  uri: string;
}

/** Says whether a candidate takes the request; the first that does ends the search. */
export type Accept<T, R> = (
  candidate: Candidate<T>,
  parameters: Record<string, string> | undefined,
) => R | undefined;

interface RadixNode<T> {
  /** The piece of the path that leads here from the parent. */
  edge: string;
  children: Map<string, RadixNode<T>>;
  candidates: Candidate<T>[];
}

interface SegmentNode<T> {
  statics: Map<string, SegmentNode<T>>;
  parameter: SegmentNode<T> | undefined;
  /** Candidates that end here, with the names of their parameters in order. */
  ends: { candidate: Candidate<T>; names: string[] }[];
  /** Candidates that take whatever follows (`/a/:id/*`). */
  rests: { candidate: Candidate<T>; names: string[] }[];
}

const radixNode = <T>(edge: string): RadixNode<T> => ({ edge, children: new Map(), candidates: [] });
const segmentNode = <T>(): SegmentNode<T> => ({
  statics: new Map(),
  parameter: undefined,
  ends: [],
  rests: [],
});

/**
 * Finds the routes of one host by path: the exact ones, then those with parameters (`/users/:id`; a fixed segment
 * wins over a parameter), then the prefixes (`/users/*`), longest first. Within one of these the priority decides.
 * That is the order of APISIX's radix tree; APISIX itself knows parameters only with
 * `router.http: radixtree_uri_with_parameter`, which apisix_conf/config.yaml sets. The cost of a search grows with the length of the path, not with the
 * number of routes.
 */
export class PathTable<T> {
  readonly #exact = new Map<string, Candidate<T>[]>();
  readonly #prefixes = radixNode<T>('');
  readonly #parameters = segmentNode<T>();
  #withParameters = 0;
  #size = 0;

  get empty(): boolean {
    return this.#size === 0;
  }

  add(candidate: Candidate<T>): void {
    const { uri } = candidate;
    this.#size++;
    if (hasParameters(uri)) {
      this.#withParameters++;
      this.#addParameters(candidate);
    } else if (uri.endsWith('*')) {
      insertByPriority(this.#radixAt(uri.slice(0, -1)).candidates, candidate, (each) => each.priority);
    } else {
      const list = this.#exact.get(uri) ?? [];
      insertByPriority(list, candidate, (each) => each.priority);
      this.#exact.set(uri, list);
    }
  }

  remove(candidate: Candidate<T>): void {
    const { uri } = candidate;
    if (hasParameters(uri)) {
      if (!this.#removeParameters(this.#parameters, segmentsOf(uri), candidate)) return;
      this.#withParameters--;
    } else if (uri.endsWith('*')) {
      if (!removeRadix(this.#prefixes, uri.slice(0, -1), candidate)) return;
    } else {
      const list = this.#exact.get(uri);
      if (list === undefined || !take(list, (each) => each === candidate)) return;
      if (list.length === 0) this.#exact.delete(uri);
    }
    this.#size--;
  }

  find<R>(path: string, accept: Accept<T, R>): R | undefined {
    const exact = this.#exact.get(path);
    if (exact !== undefined) {
      for (const candidate of exact) {
        const found = accept(candidate, undefined);
        if (found !== undefined) return found;
      }
    }
    if (this.#withParameters > 0) {
      const found = findSegments(this.#parameters, path.slice(1).split('/'), 0, [], accept);
      if (found !== undefined) return found;
    }
    return findRadix(this.#prefixes, path, 0, accept);
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

  #addParameters(candidate: Candidate<T>): void {
    let node = this.#parameters;
    const names: string[] = [];
    for (const segment of segmentsOf(candidate.uri)) {
      if (segment.startsWith('*')) {
        if (segment.length > 1) names.push(segment.slice(1));
        insertByPriority(node.rests, { candidate, names }, (each) => each.candidate.priority);
        return;
      }
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.parameter ??= segmentNode<T>();
        node = node.parameter;
      } else {
        let next = node.statics.get(segment);
        if (next === undefined) {
          next = segmentNode<T>();
          node.statics.set(segment, next);
        }
        node = next;
      }
    }
    insertByPriority(node.ends, { candidate, names }, (each) => each.candidate.priority);
  }

  #removeParameters(node: SegmentNode<T>, segments: string[], candidate: Candidate<T>): boolean {
    const [segment, ...rest] = segments;
    if (segment === undefined) return take(node.ends, (each) => each.candidate === candidate);
    if (segment.startsWith('*')) return take(node.rests, (each) => each.candidate === candidate);
    const next = segment.startsWith(':') ? node.parameter : node.statics.get(segment);
    if (next === undefined || !this.#removeParameters(next, rest, candidate)) return false;
    if (next.ends.length + next.rests.length + next.statics.size === 0 && next.parameter === undefined) {
      if (segment.startsWith(':')) node.parameter = undefined;
      else node.statics.delete(segment);
    }
    return true;
  }
}

const hasParameters = (uri: string): boolean => /\/(:|\*[^/])/.test(uri);
const segmentsOf = (uri: string): string[] => uri.slice(1).split('/');

/** After those of the same priority: the one that came first is tried first. */
function insertByPriority<E>(list: E[], element: E, priority: (element: E) => number): void {
  const place = list.findIndex((each) => priority(each) < priority(element));
  list.splice(place === -1 ? list.length : place, 0, element);
}

function take<E>(list: E[], isIt: (element: E) => boolean): boolean {
  const place = list.findIndex(isIt);
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

function findRadix<T, R>(node: RadixNode<T>, path: string, at: number, accept: Accept<T, R>): R | undefined {
  const child = at < path.length ? node.children.get(path.charAt(at)) : undefined;
  if (child !== undefined && path.startsWith(child.edge, at)) {
    const found = findRadix(child, path, at + child.edge.length, accept);
    if (found !== undefined) return found;
  }
  for (const candidate of node.candidates) {
    const found = accept(candidate, undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

function removeRadix<T>(node: RadixNode<T>, rest: string, candidate: Candidate<T>): boolean {
  if (rest === '') return take(node.candidates, (each) => each === candidate);
  const child = node.children.get(rest.charAt(0));
  if (child === undefined || !rest.startsWith(child.edge)) return false;
  if (!removeRadix(child, rest.slice(child.edge.length), candidate)) return false;
  if (child.candidates.length === 0 && child.children.size === 0) node.children.delete(rest.charAt(0));
  return true;
}

function findSegments<T, R>(
  node: SegmentNode<T>,
  segments: string[],
  at: number,
  values: string[],
  accept: Accept<T, R>,
): R | undefined {
  const segment = segments[at];
  if (segment === undefined) {
    for (const { candidate, names } of node.ends) {
      const found = accept(candidate, named(names, values));
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const next = node.statics.get(segment);
  const found = next && findSegments(next, segments, at + 1, values, accept);
  if (found !== undefined) return found;
  if (node.parameter !== undefined && segment !== '') {
    values.push(segment);
    const through = findSegments(node.parameter, segments, at + 1, values, accept);
    if (through !== undefined) return through;
    values.pop();
  }
  for (const { candidate, names } of node.rests) {
    const rest = accept(candidate, named(names, [...values, segments.slice(at).join('/')]));
    if (rest !== undefined) return rest;
  }
  return undefined;
}

function named(names: string[], values: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
