import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A save writes several times, and an editor saves several files: they are one change when nothing more comes so long. */
const QUIET_MS = 60;
/** However much is written: a change is told at last. */
const LONGEST_MS = 500;
/** Where nobody writes by hand: packages, what git and qbtc keep, what Python compiles. */
const IGNORED = /^(?:\..*|node_modules|__pycache__|venv)$/;
const DOTENV = /^\.env(?:\..*)?$/;
/** The system watches so many at most, for all programs together. */
const MOST_FOLDERS = 5_000;

/**
 * The files below some folders that were written, made or removed. Each folder has a watcher of its own: one for the
 * whole tree misses what is made in new folders, on Linux. While nothing changes, nothing is done.
 */
export class ChangedFiles {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #changed = new Set<string>();
  #wake: () => void = () => {};
  #roots: readonly string[] = [];

  get folders(): number {
    return this.#watchers.size;
  }

  /** Watches all folders below these, also those that were made since; called after each change. */
  async follow(roots: readonly string[]): Promise<void> {
    this.#roots = roots;
    const found = new Set<string>();
    for (const root of roots) await foldersBelow(root, found);
    for (const [folder, watcher] of this.#watchers) {
      if (found.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of found) if (!this.#watchers.has(folder)) this.#watch(folder);
  }

  /** Resolves with what has changed once it is quiet; with nothing when the signal ends the waiting. */
  async next(end: AbortSignal): Promise<string[]> {
    if (this.#changed.size === 0) await this.#woken(end);
    const begun = performance.now();
    let count = -1;
    while (!end.aborted && count !== this.#changed.size && performance.now() - begun < LONGEST_MS) {
      count = this.#changed.size;
      await delay(QUIET_MS, undefined, { signal: end }).catch(() => {});
    }
    await this.follow(this.#roots);
    const files = [...this.#changed].sort();
    this.#changed.clear();
    return end.aborted ? [] : files;
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, (_, name) => {
        if (name === null || (IGNORED.test(name) && !DOTENV.test(name))) return;
        this.#changed.add(join(folder, name));
        this.#wake();
      });
      // A folder that is removed: the next look leaves it out.
      watcher.on('error', () => {});
      this.#watchers.set(folder, watcher);
    } catch {
      // Removed in the meantime.
    }
  }

  #woken(end: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (end.aborted) return resolve();
      const done = () => {
        end.removeEventListener('abort', done);
        this.#wake = () => {};
        resolve();
      };
      this.#wake = done;
      end.addEventListener('abort', done, { once: true });
    });
  }
}

async function foldersBelow(folder: string, found: Set<string>): Promise<void> {
  if (found.has(folder) || found.size >= MOST_FOLDERS) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  found.add(folder);
  for (const entry of entries)
    if (entry.isDirectory() && !IGNORED.test(entry.name)) await foldersBelow(join(folder, entry.name), found);
}
