import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreFolder } from './folder.ts';
import { Batch } from './journal.ts';
import { RecordEncoder, type StoredRecord } from './record.ts';

/** As much is written at a time: between two writes the broker serves its clients. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Writes the state at the beginning of journal `number` beside what is there, and puts it in its place once it is on
 * the disk. Gives its size. Rejects with the error of the system; the files that were there are then as they were.
 */
export async function writeSnapshot(
  folder: StoreFolder,
  number: number,
  records: readonly StoredRecord[],
): Promise<number> {
  const path = folder.snapshot(number);
  const draft = `${path}.new`;
  let bytes = 0;
  try {
    const file = await open(draft, 'w', 0o600);
    try {
      const encoder = new RecordEncoder();
      const batch = new Batch();
      const flush = async () => {
        for (const part of batch.view()) await file.writeFile(part);
        bytes += batch.bytes;
        batch.clear();
      };
      const basis = { basis: 'nothing', previousBytes: 0 } as const;
      batch.add(encoder.encode({ kind: 'begin', file: 'snapshot', number, ...basis }));
      for (const record of records) {
        batch.add(encoder.encode(record));
        if (batch.bytes >= WRITE_BYTES) await flush();
      }
      batch.add(encoder.encode({ kind: 'end', records: records.length + 1 }));
      await flush();
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  folder.sync();
  return bytes;
}

/**
 * Removes what snapshot `number` stands for, a file at a time and beside the clients: to remove a journal of many
 * megabytes takes the system milliseconds. What a kill leaves behind the next start removes.
 */
export async function removeReplaced(folder: StoreFolder, number: number): Promise<void> {
  for (const name of folder.replacedBy(number)) await rm(join(folder.path, name), { force: true });
}
