import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { type Document, isSeq, type Node, parseDocument, type Scalar, visit } from 'yaml';
import { messageOf, QbtcError } from '../errors.ts';
import { readTextFile, unreadable } from '../text-file.ts';

/** A YAML file of the stack that is added to: comments, order and all that is not touched stay as they are. */
export interface YamlFile {
  file: string;
  /** Whether it is not there yet. */
  isNew: boolean;
  /** The items of a list as plain data; none where there is no list. */
  items(path: readonly string[]): unknown[];
  add(path: readonly string[], item: unknown): void;
  replace(path: readonly string[], index: number, item: unknown): void;
  set(path: readonly string[], value: unknown): void;
  text(): string;
  save(): Promise<void>;
}

/**
 * @param header the comment at the top of a file that is not there yet
 * @throws QbtcError `IMPORT_TARGET` for one that cannot be read as YAML, or written
 */
export async function openYamlFile(file: string, header: string): Promise<YamlFile> {
  const text = await textOf(file);
  const document = parseDocument(text ?? `# ${header}\n{}\n`, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new QbtcError(
      'IMPORT_TARGET',
      `${file} is no valid YAML, so nothing can be added: ${error.message}`,
    );
  }
  if (document.contents === null) document.contents = document.createNode({}) as never;
  const contents = document.contents as Node & { flow?: boolean };
  if (text === undefined) contents.flow = false;
  const style = styleOf(text ?? '');
  const written = () => document.toString(style);

  return {
    file,
    isNew: text === undefined,
    items(path) {
      const node = document.getIn(path);
      return isSeq(node) ? (node.toJS(document) as unknown[]) : [];
    },
    add(path, item) {
      const node = nodeOf(document, item);
      const list = document.getIn(path);
      if (isSeq(list)) {
        // `[]` would take all items into its one line.
        if (list.items.length === 0) list.flow = false;
        list.items.push(node);
      } else document.setIn(path, document.createNode([node]));
    },
    replace: (path, index, item) => document.setIn([...path, index], nodeOf(document, item)),
    set: (path, value) => document.setIn(path, document.createNode(value)),
    text: written,
    async save() {
      try {
        await mkdir(dirname(file), { recursive: true });
        await writeFileAtomic(file, written(), { mode: await modeOf(file) });
      } catch (cause) {
        throw new QbtcError('IMPORT_TARGET', `${file} cannot be written: ${messageOf(cause)}`, { cause });
      }
    },
  };
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

/** How the file is indented, so that no line changes that is not touched. */
function styleOf(text: string) {
  const indent = /^( +)\S/m.exec(text)?.[1]?.length ?? 2;
  return {
    lineWidth: 0,
    flowCollectionPadding: !/\{\S/.test(text),
    indent: indent < 2 ? 2 : Math.min(indent, 8),
    indentSeq: !/:[ \t]*\n- /.test(text),
  };
}

/** A small item stands in one line, a large one in several; no aliases, whoever shares an object. */
function nodeOf(document: Document, item: unknown): Node {
  const node = document.createNode(item, { aliasDuplicateObjects: false }) as Node & { flow?: boolean };
  const length = JSON.stringify(item)?.length ?? 0;
  const isLong = length > 90 || typeof item !== 'object';
  visit(node, {
    Collection: (_, each) => {
      const inner = JSON.stringify(each.toJSON()).length;
      each.flow = inner <= 90 && (!isLong || each !== (node as unknown));
    },
    Scalar: (_, each: Scalar) => {
      if (typeof each.value === 'string' && each.value.includes('\n')) each.type = 'BLOCK_LITERAL';
    },
  });
  return node;
}
