import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { QbtcError } from '../../errors.ts';

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
  /** How often something was told to have changed. */
  #events = 0;

  get folders(): number {
    return this.#watchers.size;
  }

  /**
   * Watches all folders below these, also those that were made since; called after each change. What stands in a new folder
   * has changed: it was written before anybody could watch.
   *
   * @throws QbtcError `WATCH_LIMIT` where the system watches no more
   */
  async follow(roots: readonly string[]): Promise<void> {
    const before = this.#roots;
    this.#roots = roots;
    const found = new Map<string, string[]>();
    for (const root of roots) await foldersBelow(root, found);
    for (const folder of this.#watchers.keys()) if (!found.has(folder)) this.#forget(folder);
    for (const [folder, files] of found) {
      if (this.#watchers.has(folder)) continue;
      this.#watch(folder);
      // What is only followed from now on is as it was.
      if (before.some((root) => isIn(root, folder)))
        for (const name of files) this.#changed.add(join(folder, name));
    }
  }

  /** Resolves with what has changed once it is quiet; with nothing when the signal ends the waiting. */
  async next(end: AbortSignal): Promise<string[]> {
    if (this.#changed.size === 0) await this.#woken(end);
    const begun = performance.now();
    let count = -1;
    while (!end.aborted && count !== this.#events && performance.now() - begun < LONGEST_MS) {
      count = this.#events;
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
      const watcher = watch(folder, (event, name) => {
        if (name === null || isIgnored(name)) return;
        const path = join(folder, name);
        // Removed, and perhaps made anew: the watcher would go on with the folder that is gone.
        if (event === 'rename' && this.#watchers.has(path)) this.#forget(path);
        this.#changed.add(path);
        this.#events += 1;
        this.#wake();
      });
      // A folder that is removed: the next look leaves it out.
      watcher.on('error', () => {});
      this.#watchers.set(folder, watcher);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOSPC' || code === 'EMFILE')
        throw new QbtcError(
          'WATCH_LIMIT',
          `${folder} cannot be watched: the system watches no more folders`,
          {
            hint: 'end other programs that watch, or raise fs.inotify.max_user_watches and max_user_instances (sysctl)',
            cause: error,
          },
        );
      // Removed in the meantime.
    }
  }

  /** With what is below it. */
  #forget(gone: string): void {
    for (const [folder, watcher] of this.#watchers) {
      if (!isIn(gone, folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
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

const isIn = (folder: string, path: string) => path === folder || path.startsWith(`${folder}${sep}`);
const isIgnored = (name: string) => IGNORED.test(name) && !DOTENV.test(name);

/** Each folder with its files. */
async function foldersBelow(folder: string, found: Map<string, string[]>): Promise<void> {
  if (found.has(folder) || found.size >= MOST_FOLDERS) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  const files = entries.filter((entry) => !entry.isDirectory() && !isIgnored(entry.name));
  found.set(
    folder,
    files.map(({ name }) => name),
  );
  for (const entry of entries)
    if (entry.isDirectory() && !IGNORED.test(entry.name)) await foldersBelow(join(folder, entry.name), found);
}
