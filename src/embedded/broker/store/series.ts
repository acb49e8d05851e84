import { rmSync } from 'node:fs';
import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import { ExtentFile } from '../../storage/extent.ts';
import { removeReplaced } from './compaction.ts';
import type { StoreFolder } from './folder.ts';
import { Batch, JournalFile } from './journal.ts';
import { type BeginRecord, RecordEncoder } from './record.ts';
import type { Replayed } from './replay.ts';

/** The journals of a store, one after another, the snapshot under them, and the extent that speaks for them. */
export class JournalSeries {
  /** The one that is written; none between an error of the disk and the next. */
  current: JournalFile | undefined;
  private number: number;
  /** The snapshot in force; 0 when there is none. */
  private snapshot: number;
  private extent: ExtentFile | undefined;
  /** What of the current journal the extent speaks for. */
  private promisedBytes = 0;
  private readonly folder: StoreFolder;
  private readonly log: Log;

  constructor(folder: StoreFolder, log: Log, { journal, snapshot }: Replayed) {
    this.folder = folder;
    this.log = log;
    this.number = journal;
    this.snapshot = snapshot;
  }

  /** Goes on where the files end that were read. Throws the error of the system. */
  resume({ journal, isBegun, previousBytes }: Replayed): void {
    if (isBegun) {
      this.current = new JournalFile(this.folder.journal(journal));
      // A kill may have come before all of it was on the disk.
      this.current.syncNow();
      this.folder.sync();
    } else this.current = this.create(journal, journal === 1 ? 'nothing' : 'previous', previousBytes);
    this.promise(this.current.bytes);
  }

  /**
   * Begins the next journal, and gives its number. Where changes are missing before it, it stands on a snapshot that is
   * still to be written, and a gap in the numbers says so too. The one before it must be on the disk. Throws the error
   * of the system.
   */
  begin(basis: Exclude<BeginRecord['basis'], 'nothing'>): number {
    const number = this.number + (basis === 'previous' ? 1 : 2);
    const journal = this.create(number, basis, this.current?.bytes ?? 0);
    this.current?.close();
    this.current = journal;
    this.number = number;
    this.promisedBytes = 0;
    return number;
  }

  /** Snapshot `number` is in its place and on the disk: what it stands for is removed. Rejects with the error of the system. */
  async replaced(number: number): Promise<void> {
    this.snapshot = number;
    // Before anything is removed: a snapshot that is missing later is missed.
    if (this.number === number) this.promise(this.promisedBytes);
    this.syncExtent();
    await removeReplaced(this.folder, number);
  }

  /** So much of the current journal is on the disk, and somebody is told so. */
  promise(bytes: number): void {
    this.promisedBytes = bytes;
    try {
      this.extent ??= new ExtentFile(this.folder.extent);
      this.extent.write({ snapshot: this.snapshot, journal: this.number, bytes });
    } catch (error) {
      this.cannotPromise(error);
    }
  }

  /** Leaves the current journal as it is. */
  abandon(): void {
    this.current?.close();
    this.current = undefined;
  }

  close(): void {
    this.syncExtent();
    this.extent?.close();
    this.abandon();
  }

  private syncExtent(): void {
    try {
      this.extent?.sync();
    } catch (error) {
      this.cannotPromise(error);
    }
  }

  private cannotPromise(error: unknown): void {
    this.log('warn', 'cannot write down how far was confirmed', { error: messageOf(error) });
  }

  /** Makes a journal that nothing was written to. Throws the error of the system; there is none then. */
  private create(number: number, basis: BeginRecord['basis'], previousBytes: number): JournalFile {
    const path = this.folder.journal(number);
    const journal = new JournalFile(path);
    try {
      const batch = new Batch();
      batch.add(new RecordEncoder().encode({ kind: 'begin', file: 'journal', number, basis, previousBytes }));
      journal.write(batch.view());
      this.folder.sync();
    } catch (error) {
      journal.close();
      rmSync(path, { force: true });
      throw error;
    }
    return journal;
  }
}
