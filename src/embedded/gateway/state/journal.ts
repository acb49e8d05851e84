import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where changes are kept. A change is durable once its `append` has resolved. */
export interface Journal {
  /** The records in the order in which they were appended. Called once, before any `append`. */
  load(): Promise<string[]>;
  /** Rejects when the record could not be written; the journal is then as it was before. */
  append(record: string): Promise<void>;
  /** Replaces everything by these records, atomically. */
  rewrite(records: string[]): Promise<void>;
  close(): Promise<void>;
}

/** State that ends with the process. */
export const volatileJournal: Journal = {
  load: async () => [],
  append: async () => {},
  rewrite: async () => {},
  close: async () => {},
};

interface Pending {
  line: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * One line a record in `state.jsonl`. Appends that wait at the same time share one write and one fdatasync.
 * A last line without its end is what a crash left of a change that was never acknowledged: it is dropped.
 */
export class FileJournal implements Journal {
  readonly #path: string;
  #file: FileHandle | undefined;
  #length = 0;
  #pending: Pending[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#path = join(folder, 'state.jsonl');
  }

  async load(): Promise<string[]> {
    let text = '';
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    await this.#reopen();
    await this.#cutTo(Buffer.byteLength(whole));
    return whole.split('\n').filter((line) => line !== '');
  }

  append(record: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ line: `${record}\n`, resolve, reject });
      if (this.#pending.length === 1) this.#enqueue(() => this.#flush());
    });
  }

  async rewrite(records: string[]): Promise<void> {
    await this.#enqueue(async () => {
      const draft = `${this.#path}.new`;
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(records.map((record) => `${record}\n`).join(''));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#path);
      await this.#reopen();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
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
      for (const each of batch) each.resolve();
    } catch (error) {
      // Half a batch must not stay behind: the next one would continue its last line.
      await this.#cutTo(this.#length).catch(() => {});
      for (const each of batch) each.reject(error);
    }
  }

  async #cutTo(length: number): Promise<void> {
    await this.#file?.truncate(length);
    this.#length = length;
  }

  async #reopen(): Promise<void> {
    await this.#file?.close();
    this.#file = await open(this.#path, 'a', 0o600);
    this.#length = (await this.#file.stat()).size;
  }
}
