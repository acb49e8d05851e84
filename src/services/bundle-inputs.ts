import { createHash } from 'node:crypto';
import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

// What a bundle was made of. Each file is looked at synchronously: that is a tenth of what a promise for it would cost,
// and there are hundreds.

/** esbuild takes settings from these in every folder above an input, and does not name them among its inputs. */
const SETTINGS = ['tsconfig.json', 'package.json'];
/** An input that was not there; that it appears is a change. */
export const ABSENT = 'absent';
const FOLDER = 'folder';
/** Never what is found: the input was written while it was read, or its file system has coarse times. */
const UNTRUSTED = 'untrusted';

/** The inputs, and the files beside and above them whose settings esbuild may have taken. */
export function withSettings(root: string, inputs: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const input of inputs) {
    let folder = dirname(join(root, input));
    while (!folders.has(folder)) {
      folders.add(folder);
      if (folder === root || dirname(folder) === folder) break;
      folder = dirname(folder);
    }
  }
  const settings = [...folders].flatMap((folder) =>
    SETTINGS.map((name) => relative(root, join(folder, name))),
  );
  return [...new Set([...inputs, ...settings])];
}

/** Looks at files, once at each: what one command takes for unchanged is one state of them. */
export class Inputs {
  readonly #begunAt = Date.now();
  readonly #found = new Map<string, Stats | undefined>();
  readonly #digests = new Map<string, string>();
  readonly #documents = new Map<string, unknown>();

  /** Whether a file is as it was when this was noted of it. */
  isUnchanged(file: string, noted: string): boolean {
    try {
      const found = this.#stat(file);
      return noted === (found === undefined ? ABSENT : stampOf(found));
    } catch {
      return false;
    }
  }

  /** What to note of a file that is read now. */
  note(file: string): string {
    const found = this.#stat(file);
    if (found === undefined) return ABSENT;
    return found.mtimeMs >= this.#begunAt ? UNTRUSTED : stampOf(found);
  }

  /** A digest of what the file holds. */
  digest(file: string): string {
    const known = this.#digests.get(file);
    if (known !== undefined) return known;
    const found = this.#stat(file);
    const digest = found === undefined ? ABSENT : found.isFile() ? digestOf(readFileSync(file)) : FOLDER;
    this.#digests.set(file, digest);
    return digest;
  }

  /**
   * What a file of JSON says; `undefined` where there is none.
   * @throws SyntaxError for a file that is damaged
   */
  document(file: string): unknown {
    if (!this.#documents.has(file)) {
      const document = this.#stat(file) === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
      this.#documents.set(file, document);
    }
    return this.#documents.get(file);
  }

  /** @throws the error of the system for a file that cannot be looked at */
  #stat(file: string): Stats | undefined {
    if (this.#found.has(file)) return this.#found.get(file);
    const found = statOf(file);
    this.#found.set(file, found);
    return found;
  }
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Tells whether a file was written since. */
export const stampOf = ({ size, mtimeMs }: Pick<Stats, 'size' | 'mtimeMs'>) => `${size}:${mtimeMs}`;

export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
