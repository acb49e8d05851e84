import type { FileUpgrade } from '../../model/upgrade.ts';
import { mergeText } from './mergers/index.ts';
import { renamesAmong } from './renames.ts';
import type { Content, Found, Tree } from './tree.ts';

/** One file of the plan, with what it will hold. */
export interface PlannedFile extends FileUpgrade {
  /** What is written at `path`; `undefined` where nothing is. */
  bytes?: Buffer;
  /** What is written at `beside`. */
  besideBytes?: Buffer;
  mode?: number;
}

export interface Trees {
  /** What was laid last. */
  base: Tree;
  /** What stands there now, at the paths of both templates. */
  mine: ReadonlyMap<string, Found>;
  /** What would be laid now. */
  theirs: Tree;
}

interface Options {
  /** The version of the template, for the marks of conflicts. */
  label: string;
  /** Whether what the template has no more is taken away; not where the base may hold files of others. */
  deletes: boolean;
}

/**
 * What brings a stack to the template of now. A pure function of the three trees: what people have changed is in the result
 * of every file, or stays untouched.
 */
export function planFiles(trees: Trees, options: Options): PlannedFile[] {
  const { base, mine, theirs } = trees;
  const changedHere = ([path, { digest }]: [string, Content]): boolean => {
    const there = mine.get(path);
    return there !== undefined && there !== 'other' && there.digest !== digest;
  };
  const gone = [...base].filter(([path]) => !theirs.has(path));
  const fresh = [...theirs.keys()].filter((path) => !base.has(path) && !mine.has(path));
  const renames = options.deletes
    ? renamesAmong(
        base,
        theirs,
        gone.filter(changedHere).map(([path]) => path),
        fresh,
      )
    : new Map<string, string>();
  const moved = new Set(renames.values());
  const paths = [...new Set([...base.keys(), ...theirs.keys()])].sort();
  return paths.flatMap((path): PlannedFile[] => {
    const to = renames.get(path);
    if (to !== undefined) return [move(trees, path, to, options.label)];
    return moved.has(path) ? [] : planFile(path, trees, options);
  });
}

function planFile(path: string, trees: Trees, { label, deletes }: Options): PlannedFile[] {
  const [base, mine, theirs] = [trees.base.get(path), trees.mine.get(path), trees.theirs.get(path)];
  // The template says the same as before.
  if (base !== undefined && base.digest === theirs?.digest) return [];
  if (mine === 'other') return [{ action: 'keep', path, reason: 'in-the-way' }];
  if (theirs === undefined) {
    if (mine === undefined || !deletes) return [];
    return [
      mine.digest === base?.digest ? { action: 'delete', path } : { action: 'keep', path, reason: 'gone' },
    ];
  }
  if (mine === undefined)
    return [base === undefined ? create(path, theirs) : { action: 'keep', path, reason: 'deleted' }];
  if (mine.digest === theirs.digest) return [];
  if (mine.digest === base?.digest)
    return [{ action: 'update', path, ...written(asLinesOf(mine, theirs.bytes), mine) }];
  return merged(path, base, mine, theirs, label);
}

function create(path: string, theirs: Content): PlannedFile {
  return { action: 'create', path, ...written(theirs.bytes, theirs) };
}

/** It goes to where the template has it now, with what was changed in it. */
function move({ base, mine, theirs }: Trees, from: string, path: string, label: string): PlannedFile {
  const [before, own, now] = [base.get(from), mine.get(from), theirs.get(path)];
  if (own === undefined || own === 'other' || now === undefined) throw new Error('a rename has both ends');
  const [result] = merged(path, before, own, now, label);
  if (result?.action === 'conflict') return { ...result, from };
  return { ...written(own.bytes, own), ...result, action: 'move', path, from };
}

function merged(
  path: string,
  base: Content | undefined,
  mine: Content,
  theirs: Content,
  label: string,
): PlannedFile[] {
  const [own, now] = [textOf(mine), textOf(theirs)];
  const before = base === undefined ? undefined : textOf(base);
  if (own === undefined || now === undefined || mine.bytes === undefined) return besideIt(path, mine, theirs);
  const { text, conflicts } = mergeText(path, { base: before, mine: own, theirs: now, label });
  if (conflicts === 0 && text === own) return [];
  const bytes = asLinesOf(mine, Buffer.from(text));
  if (conflicts === 0) return [{ action: 'merge', path, ...written(bytes, mine) }];
  return [{ action: 'conflict', path, conflicts, ...written(bytes, mine) }];
}

/** What is no text can hold no marks: it stays as it is, with the template's file beside it. */
function besideIt(path: string, mine: Content, theirs: Content): PlannedFile[] {
  const put = theirs.bytes === undefined ? {} : { besideBytes: theirs.bytes };
  return [
    {
      action: 'conflict',
      path,
      conflicts: 1,
      beside: `${path}.template`,
      ...put,
      ...written(mine.bytes, mine),
    },
  ];
}

function written(bytes: Buffer | undefined, { mode }: Content): Pick<PlannedFile, 'bytes' | 'mode'> {
  return { ...(bytes === undefined ? {} : { bytes }), ...(mode === undefined ? {} : { mode }) };
}

/** With `\n` at the ends of lines; `undefined` for what is no text. */
function textOf({ bytes }: Content): string | undefined {
  if (bytes === undefined || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replaceAll('\r\n', '\n');
  } catch {
    return undefined;
  }
}

/** A checkout may have line ends of its own: it keeps them. */
function asLinesOf(mine: Content, bytes: Buffer | undefined): Buffer | undefined {
  if (bytes === undefined || mine.bytes?.includes('\r\n') !== true) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
}
