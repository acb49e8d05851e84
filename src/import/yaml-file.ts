import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type Document, isMap, isNode, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml';
import { messageOf, QbtcError } from '../errors.ts';
import { isRecord } from '../record.ts';
import { readTextFile, unreadable } from '../text-file.ts';
import { flow, yamlText } from './yaml-text.ts';

type Path = readonly string[];

interface Splice {
  start: number;
  end: number;
  text: string;
  /** How deep it stands: of two at one place the deeper one comes first. */
  depth: number;
}

/**
 * A YAML file of the stack that is added to: all that is not touched stays as it is, to the last blank. What it holds is
 * what stood there when it was opened; what was added counts when it is saved.
 */
export class YamlFile {
  readonly file: string;
  readonly #text: string | undefined;
  readonly #header: string;
  readonly #document: Document.Parsed;
  readonly #items = new Map<string, readonly unknown[]>();
  readonly #added = new Map<string, { path: Path; items: unknown[] }>();
  readonly #created = new Map<string, { path: Path; value: unknown }>();
  readonly #splices: Splice[] = [];

  private constructor(file: string, text: string | undefined, header: string, document: Document.Parsed) {
    this.file = file;
    this.#text = text;
    this.#header = header;
    this.#document = document;
  }

  /**
   * @param header the comment at the top of a file that is not there yet
   * @throws QbtcError `IMPORT_TARGET` for one that cannot be read as YAML
   */
  static async open(file: string, header: string): Promise<YamlFile> {
    const text = await textOf(file);
    const document = parseDocument(text ?? '', { prettyErrors: false, stringKeys: true });
    const [error] = document.errors;
    const wrong =
      error?.message ??
      (isMap(document.contents ?? undefined) || document.contents === null ? undefined : 'it is no mapping');
    if (wrong === undefined) return new YamlFile(file, text, header, document);
    throw new QbtcError('IMPORT_TARGET', `${file} cannot be added to: ${wrong}`);
  }

  /** Whether it is not there yet. */
  get isNew(): boolean {
    return this.#text === undefined;
  }

  /** What stands there, as plain data. */
  get(path: Path): unknown {
    const node = this.#document.getIn(path);
    return isNode(node) ? node.toJS(this.#document) : node;
  }

  /** The items of a list as plain data; none where there is no list. */
  items(path: Path): readonly unknown[] {
    const key = path.join('\0');
    const known = this.#items.get(key);
    if (known !== undefined) return known;
    const list = this.get(path);
    const items = Array.isArray(list) ? list : [];
    this.#items.set(key, items);
    return items;
  }

  add(path: Path, item: unknown): void {
    const key = path.join('\0');
    const added = this.#added.get(key) ?? { path, items: [] };
    added.items.push(item);
    this.#added.set(key, added);
  }

  /** @throws QbtcError `IMPORT_TARGET` where the item is an alias of another */
  replace(path: Path, index: number, item: unknown): void {
    const node = this.#document.getIn([...path, index], true);
    const range = isNode(node) && 'range' in node ? node.range : undefined;
    if (range === undefined || range === null) throw this.#unusual([...path, String(index)]);
    const [start, end] = [range[0], this.#endOf(range[1])];
    this.#splices.push({ start, end, text: yamlText(item, this.#columnOf(start)), depth: path.length + 1 });
  }

  /** Puts a value there, in the place of the one that is. */
  set(path: Path, value: unknown): void {
    const node = this.#document.getIn(path, true);
    if (isNode(node) && node.range && !(isScalar(node) && node.value === null)) {
      const [start, end] = [node.range[0], this.#endOf(node.range[1])];
      const text = flow(value) ?? yamlText(value, this.#columnOf(start));
      this.#splices.push({ start, end, text, depth: path.length });
    } else this.#create(path, value);
  }

  text(): string {
    for (const { path, items } of this.#added.values()) this.#addAll(path, items);
    for (const { path, value } of this.#created.values()) this.#insert(path, value);
    this.#added.clear();
    this.#created.clear();
    const before = this.#text ?? `# ${this.#header}\n`;
    const parts: string[] = [];
    let at = 0;
    for (const { start, end, text } of this.#splices.toSorted(
      (a, b) => a.start - b.start || b.depth - a.depth,
    )) {
      parts.push(before.slice(at, start), text);
      at = end;
    }
    return [...parts, before.slice(at)].join('');
  }

  async save(): Promise<void> {
    try {
      await mkdir(dirname(this.file), { recursive: true });
      await writeFileAtomic(this.file, this.text(), { mode: await modeOf(this.file) });
    } catch (cause) {
      if (cause instanceof QbtcError) throw cause;
      throw new QbtcError('IMPORT_TARGET', `${this.file} cannot be written: ${messageOf(cause)}`, { cause });
    }
  }

  /** Puts the file back as it was. */
  async restore(): Promise<void> {
    if (this.#text === undefined) await rm(this.file, { force: true });
    else await writeFileAtomic(this.file, this.#text, { mode: await modeOf(this.file) });
  }

  #addAll(path: Path, items: readonly unknown[]): void {
    const list = this.#document.getIn(path, true);
    const last = isSeq(list) ? (list.items.at(-1) as Node | undefined) : undefined;
    if (!isSeq(list) || !list.range || !last?.range) {
      this.#create(path, items);
      return;
    }
    const depth = path.length;
    if (list.flow === true) {
      const text = items.map((item) => `, ${inLine(item)}`).join('');
      this.#splices.push({ start: last.range[1], end: last.range[1], text, depth });
    } else {
      const end = this.#lineEnd(this.#endOf(last.range[1]));
      this.#splices.push({ start: end, end, text: below(items, this.#columnOf(list.range[0])), depth });
    }
  }

  /** Notes a value for a key that is not there: what comes below the same key comes with it. */
  #create(path: Path, value: unknown): void {
    let known = path.length - 1;
    while (known > 0 && !isMap(this.#document.getIn(path.slice(0, known), true))) known -= 1;
    const top = path.slice(0, known + 1);
    const key = top.join('\0');
    const inner = path.slice(known + 1).reduceRight<unknown>((each, name) => ({ [name]: each }), value);
    const there = this.#created.get(key);
    this.#created.set(key, { path: top, value: there === undefined ? inner : merged(there.value, inner) });
  }

  /** Gives a key of a mapping that is there a value. */
  #insert(path: Path, value: unknown): void {
    const [parent, name] = [path.slice(0, -1), path.at(-1) ?? ''];
    const map = parent.length === 0 ? this.#document.contents : this.#document.getIn(parent, true);
    const depth = parent.length;
    if (map === null) {
      this.#append(`${name}:${behind(value, 0)}`);
      return;
    }
    if (!isMap(map) || !map.range) throw this.#unusual(parent);
    const pairs = map.items as Pair<Node, Node | null>[];
    const pair = pairs.find(({ key }) => isScalar(key) && key.value === name);
    const last = pairs.at(-1);
    if (pair !== undefined) this.#fill(pair, map.flow === true, value, depth);
    else if (map.flow === true) {
      const at = last === undefined ? map.range[0] + 1 : this.#valueEnd(last);
      const text = last === undefined ? ` ${name}: ${inLine(value)} ` : `, ${name}: ${inLine(value)}`;
      this.#splices.push({ start: at, end: at, text, depth });
    } else if (parent.length === 0) this.#append(`${name}:${behind(value, 0)}`);
    else {
      const indent = this.#columnOf(pairs[0]?.key.range?.[0] ?? 0);
      const end = this.#lineEnd(last === undefined ? map.range[1] : this.#valueEnd(last));
      const text = `\n${' '.repeat(indent)}${name}:${behind(value, indent)}`;
      this.#splices.push({ start: end, end, text, depth });
    }
  }

  /** The key is there, with nothing, or an empty list, behind it. */
  #fill(
    { key, value: there }: Pair<Node, Node | null>,
    inFlow: boolean,
    value: unknown,
    depth: number,
  ): void {
    const text = this.#text ?? '';
    const colon = text.indexOf(':', key.range?.[1] ?? 0) + 1;
    const [start, end] = [there?.range?.[0] ?? colon, there?.range?.[1] ?? colon];
    if (text.slice(colon, start).trim() !== '' || !isNothing(there)) throw this.#unusual([String(key)]);
    const line = this.#lineEnd(end);
    if (end > start || inFlow)
      this.#splices.push({ start: colon, end, text: inFlow ? ` ${inLine(value)}` : '', depth });
    if (inFlow) return;
    const indent = this.#columnOf(key.range?.[0] ?? 0);
    this.#splices.push({ start: line, end: line, text: behind(value, indent), depth: depth + 1 });
  }

  /** A key at the top goes to the end. */
  #append(text: string): void {
    const before = this.#text ?? `# ${this.#header}\n`;
    // APISIX looks for its mark in the last line; behind the end of a YAML document another one begins.
    const at = /\n*(#END[^\n]*|\n\.\.\.[ \t\r]*)\s*$/.exec(before)?.index ?? before.trimEnd().length;
    const isFirst = before.slice(0, at).trim() === '' && this.#splices.every(({ start }) => start !== at);
    this.#splices.push({ start: at, end: at, text: `${isFirst ? '' : '\n'}${text}`, depth: 0 });
  }

  /** Where a value really ends: blocks count what is empty behind them. */
  #endOf(end: number): number {
    return (this.#text ?? '').slice(0, end).trimEnd().length;
  }

  #valueEnd({ key, value }: Pair<Node, Node | null>): number {
    return this.#endOf(value?.range?.[1] ?? key.range?.[1] ?? 0);
  }

  #lineEnd(at: number): number {
    const end = (this.#text ?? '').indexOf('\n', at);
    return end === -1 ? (this.#text ?? '').length : end;
  }

  #columnOf(at: number): number {
    return at - ((this.#text ?? '').lastIndexOf('\n', at - 1) + 1);
  }

  #unusual(path: Path): QbtcError {
    return new QbtcError(
      'IMPORT_TARGET',
      `${this.file} cannot be added to at ${path.join('.')}: it is written in a way that only a person should change`,
      {
        hint: 'write it out there (no alias, no tag), or name another file: --into FILE',
      },
    );
  }
}

/** Whether nothing is lost where something else stands in its place. */
function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null) || (isSeq(node) && node.items.length === 0);
}

/** A list or a mapping below its key, whose column is given; anything else behind the colon. */
function behind(value: unknown, indent: number): string {
  if (Array.isArray(value) && value.length > 0) return below(value, indent + 2);
  if (!isRecord(value)) return ` ${yamlText(value, indent + 2)}`;
  const blanks = `\n${' '.repeat(indent + 2)}`;
  return Object.entries(value)
    .map(([name, each]) => `${blanks}${flow(name)}:${behind(each, indent + 2)}`)
    .join('');
}

function below(items: readonly unknown[], indent: number): string {
  return items.map((item) => `\n${' '.repeat(indent)}- ${yamlText(item, indent + 2)}`).join('');
}

/** JSON is YAML, and takes any text in one line. */
const inLine = (value: unknown): string => flow(value) ?? JSON.stringify(value);

function merged(one: unknown, other: unknown): unknown {
  if (!isRecord(one) || !isRecord(other)) return other;
  const both = Object.entries(other).map(([name, value]) => [
    name,
    name in one ? merged(one[name], value) : value,
  ]);
  return { ...one, ...Object.fromEntries(both) };
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readTextFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable('IMPORT_TARGET', file, error);
  }
}

async function modeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ mode }) => mode & 0o777,
    () => 0o644,
  );
}
