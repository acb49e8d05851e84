import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files of the store. `snapshot-N` holds the state at the moment when `journal-N` was begun; the state now is the
 * newest snapshot and, on top of it, its journal and those whose numbers follow without a gap. Before the first
 * snapshot the journals begin with number 1. `extent` says how far of this was confirmed.
 */
export interface StoreFiles {
  /** Their numbers, ascending. */
  snapshots: number[];
  journals: number[];
  /** Names of snapshots that were never finished. */
  drafts: string[];
}

const NUMBERED = /^(snapshot|journal)-(\d{8})$/;
const UNFINISHED = /^snapshot-\d{8}\.new$/;

/** A store's own name for one of its files. */
export function nameOf(kind: 'snapshot' | 'journal', number: number): string {
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

  get extent(): string {
    return join(this.path, 'extent');
  }

  files(): StoreFiles {
    const names = readdirSync(this.path);
    const numbers = (wanted: string) =>
      names
        .flatMap((name) => {
          const [, kind, number] = NUMBERED.exec(name) ?? [];
          return kind === wanted ? [Number(number)] : [];
        })
        .sort((a, b) => a - b);
    return {
      snapshots: numbers('snapshot'),
      journals: numbers('journal'),
      drafts: names.filter((name) => UNFINISHED.test(name)),
    };
  }

  /** Names of what snapshot `number`, which is whole and on the disk, stands for. */
  replacedBy(number: number): string[] {
    const { snapshots, journals, drafts } = this.files();
    const isOlder = (each: number) => each < number;
    return [
      ...snapshots.filter(isOlder).map((each) => nameOf('snapshot', each)),
      ...journals.filter(isOlder).map((each) => nameOf('journal', each)),
      ...drafts,
    ];
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
