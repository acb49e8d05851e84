import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreFolder } from '../../../../src/embedded/broker/store/folder.ts';
import { Batch, JournalFile } from '../../../../src/embedded/broker/store/journal.ts';
import { RecordEncoder } from '../../../../src/embedded/broker/store/record.ts';
import { replay } from '../../../../src/embedded/broker/store/replay.ts';

let folder: StoreFolder;
let warnings: string[];

beforeEach(() => {
  folder = new StoreFolder(mkdtempSync(join(tmpdir(), 'qbtc-replay-')));
  warnings = [];
});

afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

/** A file that declares queues, and the part of one more record where it is torn. */
function write(path: string, queues: readonly string[], torn = false): void {
  const encoder = new RecordEncoder();
  const batch = new Batch();
  for (const name of queues)
    batch.add(encoder.encode({ kind: 'queue', name, autoDelete: false, arguments: new Map() }));
  const file = new JournalFile(path);
  file.write(torn ? [...batch.view(), Buffer.from([9, 0, 0])] : batch.view());
  file.close();
}

function replayed() {
  const { image, journal } = replay(folder, (level, message) => void warnings.push(`${level}: ${message}`));
  return { queues: [...image.queues.keys()], journal, files: readdirSync(folder.path).sort() };
}

// These files are of the form of qbtc 0.1.0: without a first record, an end, or an extent.
describe('what is read at the start of what an earlier version has left', () => {
  it('is nothing in a new folder', () => {
    expect(replayed()).toEqual({ queues: [], journal: 1, files: [] });
  });

  it('is every journal in its order, before there is a snapshot', () => {
    write(folder.journal(2), ['b']);
    write(folder.journal(1), ['a']);
    expect(replayed()).toMatchObject({ queues: ['a', 'b'], journal: 2 });
  });

  it('is the old files, when the broker was killed before a snapshot was whole', () => {
    write(folder.snapshot(1), ['old']);
    write(folder.journal(1), ['a']);
    write(folder.journal(2), ['b']);
    write(`${folder.snapshot(2)}.new`, ['old']);
    expect(replayed()).toEqual({
      queues: ['old', 'a', 'b'],
      journal: 2,
      files: ['journal-00000001', 'journal-00000002', 'snapshot-00000001'],
    });
  });

  it('is the new snapshot, when the broker was killed before the old files were removed', () => {
    write(folder.snapshot(1), ['forgotten']);
    write(folder.journal(1), ['forgotten too']);
    write(folder.snapshot(2), ['a']);
    write(folder.journal(2), ['b']);
    expect(replayed()).toEqual({
      queues: ['a', 'b'],
      journal: 2,
      files: ['journal-00000002', 'snapshot-00000002'],
    });
  });

  it('is the new snapshot alone, when its journal holds nothing yet', () => {
    write(folder.snapshot(3), ['a']);
    write(folder.journal(3), []);
    expect(replayed()).toMatchObject({ queues: ['a'], journal: 3 });
  });

  it('ends before a gap: what stands behind it was begun after an error of the disk, for a snapshot', () => {
    write(folder.journal(1), ['a'], true);
    write(folder.journal(3), ['never confirmed']);
    expect(replayed()).toEqual({ queues: ['a'], journal: 2, files: ['journal-00000001'] });
    expect(warnings).toEqual([
      'warn: the end of a journal was not whole and is left out: nothing of it was confirmed',
      'info: a journal that was never confirmed is left out',
    ]);
  });

  it('goes on behind a torn end, which is left as it is', () => {
    write(folder.journal(1), ['a'], true);
    expect(replayed()).toMatchObject({ queues: ['a'], journal: 2 });
    write(folder.journal(2), ['b']);
    expect(replayed()).toMatchObject({ queues: ['a', 'b'], journal: 2 });
    expect(existsSync(folder.journal(1))).toBe(true);
  });

  it('leaves alone what is not of the store', () => {
    writeFileSync(join(folder.path, 'notes.txt'), 'mine');
    write(folder.snapshot(2), ['a']);
    write(folder.journal(2), ['b']);
    expect(replayed().files).toEqual(['journal-00000002', 'notes.txt', 'snapshot-00000002']);
  });
});
