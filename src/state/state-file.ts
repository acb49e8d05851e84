import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import writeFileAtomic from 'write-file-atomic';
import { messageOf, QbtcError } from '../errors.ts';
import { decode, encode } from './codec.ts';
import { type DocumentDeclaration, type DocumentName, STATE_FILES } from './files.ts';
import { stateFolder } from './folder.ts';
import { withFileLock } from './lock.ts';

/** Says what a value is, or what is wrong with it: what zod makes, and what is written by hand where it is too large. */
export interface Schema<T> {
  safeParse(
    value: unknown,
    options?: { reportInput?: boolean },
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

/** One file of `.qbtc`, read and written in one way. */
export interface StateFile<T> {
  path(root: string): string;
  /**
   * What it holds, or what its absence means.
   *
   * @throws QbtcError with the code of its declaration when it is there and cannot be understood: damage is never taken
   *   for absence, except where what is lost can be made anew
   */
  read(root: string): Promise<T>;
  /**
   * Reads, changes, and writes it while nobody else does, in this process or in another one; answers with what it holds
   * now. One that says no more than its absence would is removed.
   *
   * @throws QbtcError as `read`; `STATE_NOT_WRITABLE`
   */
  change(root: string, change: (before: T) => T | Promise<T>): Promise<T>;
  /** Puts this in the place of whatever is there. */
  write(root: string, value: T): Promise<void>;
  remove(root: string): Promise<void>;
}

/** The file of this name in the list, with the shape of what it holds. */
export function stateFile<T>(name: DocumentName, schema: Schema<T>, absent: T): StateFile<T> {
  return openStateFile(STATE_FILES[name], schema, absent);
}

/** One of several files of a kind, such as the journals of migrations. */
export function openStateFile<T>(
  declaration: Omit<DocumentDeclaration, 'shape'>,
  schema: Schema<T>,
  absent: T,
): StateFile<T> {
  const path = (root: string) => join(stateFolder(root), declaration.file);

  async function read(root: string): Promise<T> {
    const file = path(root);
    try {
      const text = await readFile(file, 'utf8');
      return parsed(schema, decode(text));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return absent;
      const { damaged } = declaration;
      if (damaged === 'made anew') return absent;
      throw new QbtcError(damaged.code, `${file} cannot be used: ${messageOf(error)}`, {
        hint: damaged.hint,
        cause: error,
      });
    }
  }

  async function store(root: string, value: T): Promise<void> {
    const file = path(root);
    if (isDeepStrictEqual(value, absent)) {
      await rm(file, { force: true });
      return;
    }
    // What a running stack says of itself is worth nothing after a power cut.
    await writeFileAtomic(file, encode(value), { mode: 0o600, fsync: declaration.lifetime === 'stack' });
  }

  async function writing<R>(root: string, work: () => Promise<R>): Promise<R> {
    const file = path(root);
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      return await withFileLock(file, work);
    } catch (error) {
      if (error instanceof QbtcError) throw error;
      throw new QbtcError('STATE_NOT_WRITABLE', `${file} cannot be written: ${messageOf(error)}`, {
        hint: 'make the folder of the stack writable, or free space on its disk',
        cause: error,
      });
    }
  }

  return {
    path,
    read,
    change: (root, change) =>
      writing(root, async () => {
        const before = await read(root);
        const after = await change(before);
        if (after !== before && !isDeepStrictEqual(after, before)) await store(root, after);
        return after;
      }),
    write: (root, value) => writing(root, () => store(root, value)),
    remove: (root) => rm(path(root), { force: true }),
  };
}

/** Which documents of the stack at `root` cannot be decoded, whoever reads them: each with its file and what to do. */
export async function damagedDocuments(root: string): Promise<QbtcError[]> {
  const anything: Schema<unknown> = { safeParse: (data) => ({ success: true, data }) };
  const declared = Object.values(STATE_FILES).filter((each) => each.shape === 'document');
  const found = await Promise.all(
    declared.map((each) =>
      openStateFile(each, anything, undefined)
        .read(root)
        .catch((error: unknown) => error),
    ),
  );
  return found.filter((each) => each instanceof QbtcError);
}

/** Names the field that is not as it should be, and never its value: it may be a secret. */
function parsed<T>(schema: Schema<T>, value: unknown): T {
  const result = schema.safeParse(value, { reportInput: false });
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const field = first?.path.join('.') ?? '';
  throw new Error(`${field === '' ? 'its content' : field}: ${first?.message ?? 'not as it should be'}`);
}
