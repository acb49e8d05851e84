import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
} from 'yaml';
import { aliasTargets } from './aliases.ts';
import { exactNumber } from './exact-number.ts';
import { type FieldPath, fieldName, type Mistake, type Position } from './mistake.ts';
import { parsePlainYaml } from './plain-yaml.ts';
import { mergeMarkers, repeatedKeys, syntaxMistakes } from './yaml-mistakes.ts';

/** `qbtc.yaml` as plain data, and where each value of it stands in the file. References are still as written. */
export interface StackDocument {
  /** The mapping at the top; empty when the file could not be read as one. */
  data: Record<string, unknown>;
  /** What is wrong with the YAML itself. */
  mistakes: Mistake[];
  /** False when so much is wrong that `data` tells nothing. */
  usable: boolean;
  /** Where the value at `path` stands; when there is none, the nearest thing around it. */
  at(path: FieldPath): Position;
  /** Where the key at the end of `path` stands. */
  keyAt(path: FieldPath): Position;
  /** Where `text` stands inside the scalar at `path`; the scalar itself when it is not there as such. */
  within(path: FieldPath, text: string): Position;
}

const START: Position = { line: 1, column: 1 };

/** More than any real file has; a few nested aliases can stand for millions. */
const MAX_VALUES = 100_000;

/** `env` values of services are text, as they are written: `VERSION: 1.10` is "1.10", not 1.1. */
const textInStack = (path: FieldPath) =>
  (path.length === 2 && path[0] === 'env') ||
  (path.length === 4 && path[0] === 'services' && path[2] === 'env');

export interface DocumentLimits {
  /** How many values the file may hold, with those that aliases stand for. */
  maxValues?: number;
  /** What is expected where there is no mapping at the top. */
  topExpected?: string;
  /** Numbers keep all of their digits, as in `json.ts`. */
  exactNumbers?: boolean;
  /** Whether the value there is text whatever it looks like. */
  isText?(path: FieldPath): boolean;
}

/** Reads the YAML; never throws. Anchors, aliases and `<<` are resolved. */
export function parseStackDocument(
  text: string,
  {
    maxValues = MAX_VALUES,
    topExpected = 'a mapping that starts with "version: 1" and "name: ..."',
    exactNumbers = false,
    isText = textInStack,
  }: DocumentLimits = {},
): StackDocument {
  const limits = { maxValues, topExpected, exactNumbers, isText };
  const data = parsePlainYaml(text, limits);
  return data === undefined ? parseWithPlaces(text, limits) : placedLater(text, limits, data);
}

/** A document of which nothing is to be said as it is read: places are looked for when somebody asks for one. */
export function placedLater(
  text: string,
  limits: Required<DocumentLimits>,
  data: Record<string, unknown>,
): StackDocument {
  let whole: StackDocument | undefined;
  const places = (): StackDocument => {
    whole ??= parseWithPlaces(text, limits);
    return whole;
  };
  return {
    data,
    mistakes: [],
    usable: true,
    at: (path) => places().at(path),
    keyAt: (path) => places().keyAt(path),
    within: (path, part) => places().within(path, part),
  };
}

/** The same by the parser that knows where everything stands, which takes five times as long. */
export function parseWithPlaces(
  text: string,
  { maxValues, topExpected, exactNumbers, isText }: Required<DocumentLimits>,
): StackDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // The parser compares each key with all before it, which takes minutes for a long mapping.
    uniqueKeys: false,
  });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  const syntax = mergeMarkers(text) ?? syntaxMistakes(document, position);
  const fatal = syntax.length > 0 && document.errors.length > 0;
  const top = document.contents as Node | null;
  if (fatal) return unusable(syntax);
  if (!isMap(top)) {
    const empty = top === null || (isScalar(top) && top.value === null);
    return unusable([
      ...syntax,
      {
        at: empty ? START : position(top.range?.[0] ?? 0),
        field: '',
        found: empty ? 'an empty file' : isSeq(top) ? 'a list' : 'a single value',
        expected: topExpected,
      },
    ]);
  }

  const reader = new NodeReader(document, position, { maxValues, exactNumbers, isText });
  const data = reader.read(top, []) as Record<string, unknown>;
  const offsetOf = (path: FieldPath): number => reader.nearestNode(path).range?.[0] ?? 0;
  return {
    data,
    mistakes: [...syntax, ...repeatedKeys(document, position), ...reader.mistakes],
    usable: true,
    at: (path) => position(offsetOf(path)),
    keyAt: (path) => position(reader.keyNode(path)?.range?.[0] ?? offsetOf(path)),
    within(path, part) {
      const range = reader.nearestNode(path).range;
      const start = range?.[0] ?? 0;
      const found = text.slice(start, range?.[1] ?? start).indexOf(part);
      return position(start + Math.max(found, 0));
    },
  };
}

function unusable(mistakes: Mistake[]): StackDocument {
  const start = () => START;
  return { data: {}, mistakes, usable: false, at: start, keyAt: start, within: start };
}

interface NodePlace {
  key: Node | undefined;
  value: Node;
}

const DIGITS = `a whole number of at most ${Number.MAX_SAFE_INTEGER}, or a text in quotes: others lose digits`;

/** Turns nodes into data and remembers which node is behind which path. */
class NodeReader {
  readonly mistakes: Mistake[] = [];
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #position: (offset: number) => Position;
  readonly #placed = new Map<string, NodePlace>();
  /** The collections around the one being read: an alias to one of them has no end. */
  readonly #around: Node[] = [];
  #values = 0;

  readonly #maxValues: number;
  readonly #exactNumbers: boolean;
  readonly #isText: (path: FieldPath) => boolean;

  constructor(
    document: Document.Parsed,
    position: (offset: number) => Position,
    { maxValues, exactNumbers, isText }: Required<Omit<DocumentLimits, 'topExpected'>>,
  ) {
    this.#maxValues = maxValues;
    this.#exactNumbers = exactNumbers;
    this.#isText = isText;
    this.#targets = aliasTargets(document);
    this.#position = position;
  }

  read(node: Node, path: FieldPath, key?: Node): unknown {
    this.#values += 1;
    if (this.#values > this.#maxValues) {
      if (this.#values === this.#maxValues + 1) {
        const expected = `at most ${this.#maxValues} values`;
        this.#report(node, path, 'aliases that stand for too many values', expected);
      }
      return undefined;
    }
    if (isAlias(node)) {
      const target = this.#resolve(node, path);
      return target === undefined ? undefined : this.read(target, path, key);
    }
    this.#placed.set(keyOf(path), { key, value: node });
    if (isScalar(node)) {
      if (this.#isText(path) && node.value !== null && node.source !== undefined) return node.source;
      if (typeof node.value !== 'number') return node.value;
      if (this.#exactNumbers) return exactNumber(node.source, node.value);
      if (
        Number.isInteger(node.value) &&
        !Number.isSafeInteger(node.value) &&
        /^[-+]?\d+$/.test(node.source ?? '')
      )
        this.#report(node, path, node.source ?? '', DIGITS);
      return node.value;
    }
    this.#around.push(node);
    try {
      if (isSeq(node)) {
        return node.items.map((item, index) => this.read(item as Node, [...path, index]));
      }
      if (isMap(node)) return this.#readMap(node, path);
      return undefined;
    } finally {
      this.#around.pop();
    }
  }

  /** The node at `path`, or of the longest part of it that exists. */
  nearestNode(path: FieldPath): Node {
    for (let length = path.length; length >= 0; length -= 1) {
      const placed = this.#placed.get(keyOf(path.slice(0, length)));
      // A whole mapping starts at its first key, which tells little: its own key tells more.
      if (placed !== undefined) return length < path.length ? (placed.key ?? placed.value) : placed.value;
    }
    throw new Error('the top of the document is always placed');
  }

  keyNode(path: FieldPath): Node | undefined {
    return this.#placed.get(keyOf(path))?.key;
  }

  #readMap(map: YAMLMap, path: FieldPath): Record<string, unknown> {
    // No prototype: a key such as `constructor` is a key like any other.
    const data: Record<string, unknown> = Object.create(null);
    const own = map.items as Pair<Node, Node | null>[];
    const merged = own.filter((pair) => isMergeKey(pair.key));
    for (const pair of merged) this.#merge(data, pair, path);
    for (const pair of own) {
      if (isMergeKey(pair.key)) continue;
      const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      const field = [...path, name];
      if (name === '__proto__') {
        // JavaScript has taken it: what stands under it would be lost on the way.
        this.#report(pair.key, field, `the name "${name}"`, 'another name');
        continue;
      }
      if (pair.value === null) {
        this.#placed.set(keyOf(field), { key: pair.key, value: pair.key });
        data[name] = null;
      } else {
        data[name] = this.read(pair.value, field, pair.key);
      }
    }
    return data;
  }

  /** `<<: *defaults` or `<<: [*a, *b]`; of several the earlier wins, and the mapping's own keys win over all. */
  #merge(data: Record<string, unknown>, pair: Pair<Node, Node | null>, path: FieldPath): void {
    const sources = isSeq(pair.value) ? [...pair.value.items].reverse() : [pair.value];
    for (const source of sources) {
      const target = isAlias(source) ? this.#resolve(source, path) : source;
      if (target === undefined) continue;
      if (isMap(target)) this.#mergeMap(data, target, path);
      else this.#report(pair.key, [...path, '<<'], 'something else', 'an alias to a mapping (*name)');
    }
  }

  #mergeMap(data: Record<string, unknown>, source: YAMLMap, path: FieldPath): void {
    const here = this.#placed.get(keyOf(path));
    Object.assign(data, this.read(source, path));
    if (here !== undefined) this.#placed.set(keyOf(path), here);
  }

  #resolve(alias: Alias, path: FieldPath): Node | undefined {
    const target = this.#targets.get(alias);
    if (target === undefined) {
      this.#report(
        alias,
        path,
        `*${alias.source}, which no anchor before it names`,
        `&${alias.source} earlier`,
      );
    } else if (this.#around.includes(target)) {
      this.#report(alias, path, `*${alias.source}, which contains itself`, 'an alias to something else');
      return undefined;
    }
    return target;
  }

  #report(node: Node, path: FieldPath, found: string, expected: string): void {
    const at = this.#position(node.range?.[0] ?? 0);
    this.mistakes.push({ at, field: fieldName(path), found, expected });
  }
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === Scalar.PLAIN;
}
