import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import { checkedLine } from '../../storage/checked-line.ts';
import { type Damage, damagedFiles, describeDamage } from '../../storage/damage.ts';
import { ExtentFile, readExtent } from '../../storage/extent.ts';
import { setAside } from '../../storage/set-aside.ts';
import { type LoadedRecord, readJournal } from './journal-reader.ts';

/** Where changes are kept. A change is durable once its `append` has resolved. */
export interface Journal {
  /** The records in the order in which they were appended, and what is damaged. Changes nothing. Called once, first. */
  load(): Promise<{ records: LoadedRecord[]; damages: Damage[] }>;
  /** Goes on behind what was loaded. */
  resume(): Promise<void>;
  /** Rejects when the record could not be written; the journal is then as it was before. */
  append(record: string): Promise<void>;
  /** Replaces everything by these records, atomically. */
  rewrite(records: string[]): Promise<void>;
  /** Keeps the damaged files under another name. */
  setAside(damages: readonly Damage[]): void;
  close(): Promise<void>;
}

/** State that ends with the process. */
export const volatileJournal: Journal = {
  load: async () => ({ records: [], damages: [] }),
  resume: async () => {},
  append: async () => {},
  rewrite: async () => {},
  setAside: () => {},
  close: async () => {},
};

interface Pending {
  line: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * One line a record in `state.jsonl`, each with its checksum. Appends that wait at the same time share one write and one
 * fdatasync; `extent` says how far they were acknowledged. What a crash left behind that is cut off then.
 */
export class FileJournal implements Journal {
  readonly #folder: string;
  readonly #path: string;
  readonly #log: Log;
  readonly #isExpected: boolean;
  #file: FileHandle | undefined;
  #extent: ExtentFile | undefined;
  /** How often it was rewritten; a file says it in its first line, and `extent` which one it speaks of. */
  #generation = 0;
  #length = 0;
  #pending: Pending[] = [];
  #writing: Promise<void> = Promise.resolve();

  /** @param isExpected whether an earlier gateway has worked in the folder */
  constructor(folder: string, log: Log, isExpected = false) {
    this.#isExpected = isExpected;
    this.#folder = folder;
    this.#log = log;
    this.#path = join(folder, 'state.jsonl');
  }

  async load(): Promise<{ records: LoadedRecord[]; damages: Damage[] }> {
    const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const found = readExtent(join(this.#folder, 'extent'));
    const promised = typeof found === 'string' ? undefined : found;
    const read = readJournal(this.#path, bytes, promised, this.#isExpected);
    this.#length = read.wholeBytes;
    this.#generation = read.generation;
    const { damages, wholeBytes: offset } = read;
    const tornBytes = (bytes?.length ?? 0) - offset;
    if (damages.length === 0 && tornBytes > 0)
      this.#log('warn', 'the end of the state is not whole and is left out: nothing of it was confirmed', {
        path: this.#path,
        offset,
        tornBytes,
      });
    if (found === 'damaged' || (found === 'missing' && read.isChecked))
      this.#log('warn', 'the file that says how far was confirmed cannot be used: a cut end would not show', {
        path: join(this.#folder, 'extent'),
        found,
      });
    return read;
  }

  async resume(): Promise<void> {
    await this.#reopen();
    await this.#cutTo(this.#length);
    try {
      this.#promise();
    } catch (error) {
      // What is there can be served; a change will be refused.
      this.#log('warn', 'cannot write down how far was confirmed', { error: messageOf(error) });
    }
  }

  append(record: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ line: `${checkedLine(record)}\n`, resolve, reject });
      if (this.#pending.length === 1) this.#enqueue(() => this.#flush());
    });
  }

  async rewrite(records: string[]): Promise<void> {
    await this.#enqueue(async () => {
      const draft = `${this.#path}.new`;
      const generation = this.#generation + 1;
      const begin = JSON.stringify({ begin: { generation, records: records.length } });
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile([begin, ...records].map((record) => `${checkedLine(record)}\n`).join(''));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#path);
      this.#generation = generation;
      await this.#reopen();
      this.#length = (await this.#file?.stat())?.size ?? 0;
      this.#promise();
    });
  }

  setAside(damages: readonly Damage[]): void {
    const folder = setAside(this.#folder, damagedFiles(damages));
    for (const damage of damages)
      this.#log('error', 'started without what is damaged', { damage: describeDamage(damage), folder });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
    this.#extent?.close();
    this.#extent = undefined;
    await rm(`${this.#path}.new`, { force: true });
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => {});
    return done;
  }

  async #flush(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    try {
      if (this.#file === undefined) throw new Error('the journal is closed');
      const bytes = Buffer.from(batch.map((each) => each.line).join(''));
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#length += bytes.length;
      this.#promise();
      for (const each of batch) each.resolve();
    } catch (error) {
      // Half a batch must not stay behind: the next one would continue its last line.
      await this.#cutTo(this.#length).catch(() => {});
      for (const each of batch) each.reject(error);
    }
  }

  /** What is on the disk now is acknowledged next. */
  #promise(): void {
    this.#extent ??= new ExtentFile(join(this.#folder, 'extent'));
    this.#extent.write({ snapshot: 0, journal: this.#generation, bytes: this.#length });
  }

  async #cutTo(length: number): Promise<void> {
    await this.#file?.truncate(length);
    this.#length = length;
  }

  async #reopen(): Promise<void> {
    await this.#file?.close();
    this.#file = await open(this.#path, 'a', 0o600);
  }
}
