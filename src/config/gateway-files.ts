import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import writeFileAtomic from 'write-file-atomic';
import { messageOf } from '../errors.ts';
import { decode, encode, statePath } from '../state/index.ts';
import { readTextFile } from '../text-file.ts';
import { parseStackDocument, placedLater, type StackDocument } from './document.ts';
import { expectation, schemaMistakes } from './issues.ts';
import type { Mistake } from './mistake.ts';
import type { GatewayFile } from './schema.ts';
import { gatewayFileSchema } from './sections/gateway.ts';
import { asApisixReads } from './standalone.ts';

export { gatewayFileSchema };

export const DEFAULT_GATEWAY_FILES = 'infrastructure/apisix_conf/*.yaml';

/** A file with objects of the gateway, read and checked. */
export interface GatewaySource {
  /** Absolute. */
  file: string;
  /** The file as messages write it. */
  shown: string;
  document: Pick<StackDocument, 'at' | 'keyAt' | 'within'>;
  lists: GatewayFile;
}

export interface FileMistakes {
  shown: string;
  mistakes: Mistake[];
}

/** The configuration of APISIX itself: it stands in the same folder, and holds no objects. */
const OWN_CONFIGURATION = /^config(-[^/]*)?\.(ya?ml|json)$/;
/** Some ten thousand routes; the Admin API itself would take no larger body for all of them. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_VALUES = 5_000_000;
/** What is read faster than it is looked up. */
const WORTH_KEEPING_BYTES = 16 * 1024;

/**
 * Reads the files that the patterns match, fills in their references, and checks their shape.
 * Never rejects because of a file: what is wrong with one is among the mistakes.
 */
export async function readGatewayFiles(
  root: string,
  patterns: readonly string[],
  fill: (value: unknown, document: Pick<StackDocument, 'keyAt' | 'within'>, mistakes: Mistake[]) => unknown,
  cwd: string | undefined,
): Promise<{ sources: GatewaySource[]; mistakes: FileMistakes[] }> {
  const files = await gatewayFilesOf(root, patterns);
  const sources: GatewaySource[] = [];
  const mistakes: FileMistakes[] = [];
  for (const file of files) {
    const shown = shownFrom(cwd, file);
    const document = await readDocument(root, file);
    const found: Mistake[] = [...document.mistakes];
    if (document.usable) {
      const data = fill(asApisixReads(document.data), document, found);
      const parsed = gatewayFileSchema.safeParse(data, { error: expectation, reportInput: false });
      const known = new Set(found.map(({ field }) => field));
      const issues = parsed.error?.issues ?? [];
      const positioned = { ...document, data: document.data } as StackDocument;
      found.push(
        ...schemaMistakes(gatewayFileSchema, issues, data, positioned).filter(
          ({ field }) => !known.has(field),
        ),
      );
      if (parsed.success && found.length === 0) sources.push({ file, shown, document, lists: parsed.data });
    }
    if (found.length > 0) mistakes.push({ shown, mistakes: found });
  }
  return { sources, mistakes };
}

/** The files with objects of the gateway, absolute and sorted. */
export async function gatewayFilesOf(root: string, patterns: readonly string[]): Promise<string[]> {
  if (patterns.length === 0) return [];
  const files = await glob([...patterns], { cwd: root, absolute: true, expandDirectories: false });
  return files
    .filter((file) => !OWN_CONFIGURATION.test(basename(file)))
    .map((file) => resolve(file))
    .sort();
}

type ReadDocument = Pick<StackDocument, 'data' | 'mistakes' | 'usable' | 'at' | 'keyAt' | 'within'>;

async function readDocument(root: string, file: string): Promise<ReadDocument> {
  const broken = (found: string, expected: string): ReadDocument => {
    const start = () => ({ line: 1, column: 1 });
    const mistake = { at: start(), field: '', found, expected };
    return { data: {}, mistakes: [mistake], usable: false, at: start, keyAt: start, within: start };
  };
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) return broken(`${size} bytes`, `at most ${MAX_FILE_BYTES} bytes`);
    text = await readTextFile(file);
  } catch (error) {
    return broken(`a file that cannot be read (${messageOf(error)})`, 'a file of the gateway');
  }
  const limits = {
    maxValues: MAX_VALUES,
    topExpected: 'a mapping that starts with lists such as "routes:"',
    exactNumbers: false,
    isText: () => false,
  };
  if (text.length < WORTH_KEEPING_BYTES) return parseStackDocument(text, limits);

  const kept = await keptData(root, text);
  if (kept !== undefined) return placedLater(text, limits, kept);
  const document = parseStackDocument(text, limits);
  if (document.usable && document.mistakes.length === 0) await keep(root, text, document.data);
  return document;
}

/**
 * What a large file says, by the hash of its text: the file is the same most of the time, and parsing it takes longer than
 * all else that is done with it. References are kept as they are written, so no secret is.
 */
const cacheFile = (root: string, text: string) =>
  join(
    statePath(root, 'parsed'),
    `${createHash('sha256').update(`3\0${text}`).digest('hex').slice(0, 32)}.json`,
  );

async function keptData(root: string, text: string): Promise<Record<string, unknown> | undefined> {
  try {
    return decode(await readFile(cacheFile(root, text), 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A stack that may not be written to is read the slow way each time. */
async function keep(root: string, text: string, data: unknown): Promise<void> {
  try {
    const { mkdir, readdir, rm } = await import('node:fs/promises');
    const file = cacheFile(root, text);
    const folder = statePath(root, 'parsed');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const old = await readdir(folder);
    // Of files that are edited all day only the last few are worth their place.
    if (old.length > 32) await Promise.all(old.map((name) => rm(join(folder, name), { force: true })));
    await writeFileAtomic(file, encode(data), { mode: 0o600, fsync: false });
  } catch {
    // Nothing depends on it.
  }
}

/** The path as messages write it: from where the command was given, when it is below. */
export function shownFrom(cwd: string | undefined, file: string): string {
  if (cwd === undefined) return file;
  const path = relative(cwd, file);
  return path.startsWith('..') ? file : path;
}
