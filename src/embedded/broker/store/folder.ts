import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of the store. `snapshot-N` holds the state at the moment when `journal-N` was begun; the state now is the
 * newest snapshot and, on top of it, its journal and those whose numbers follow without a gap. Before the first
 * snapshot the journals begin with number 1.
 */
export interface Layout {
  snapshot: number | undefined;
  /** In the order of reading. */
  journals: number[];
  /** Names of files that say nothing any more: older than the snapshot, behind a gap, or never finished. */
  remnants: string[];
}

const NUMBERED = /^(snapshot|journal)-(\d{8})$/;
const UNFINISHED = /^snapshot-\d{8}\.new$/;

function nameOf(kind: 'snapshot' | 'journal', number: number): string {
  return `${kind}-${String(number).padStart(8, '0')}`;
}

/** The folder that a broker keeps its state in; created when it is missing, with access for its owner alone. */
export class StoreFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  }

  journal(number: number): string {
    return join(this.path, nameOf('journal', number));
  }

  snapshot(number: number): string {
    return join(this.path, nameOf('snapshot', number));
  }

  layout(): Layout {
    const names = readdirSync(this.path);
    const numbers = (wanted: string) =>
      names
        .flatMap((name) => {
          const [, kind, number] = NUMBERED.exec(name) ?? [];
          return kind === wanted ? [Number(number)] : [];
        })
        .sort((a, b) => a - b);
    const snapshot = numbers('snapshot').at(-1);
    const journals: number[] = [];
    for (const number of numbers('journal')) {
      const next = (journals.at(-1) ?? (snapshot ?? 1) - 1) + 1;
      if (number === next) journals.push(number);
    }
    const current = new Set(journals.map((number) => nameOf('journal', number)));
    if (snapshot !== undefined) current.add(nameOf('snapshot', snapshot));
    const remnants = names.filter(
      (name) => (NUMBERED.test(name) && !current.has(name)) || UNFINISHED.test(name),
    );
    return { snapshot, journals, remnants };
  }

  remove(names: readonly string[]): void {
    for (const name of names) rmSync(join(this.path, name), { force: true });
  }

  /** Puts the names of new files on the disk: syncing a file does not do that. */
  sync(): void {
    // Windows opens no folders, and needs none of this.
    if (process.platform === 'win32') return;
    const fd = openSync(this.path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}
