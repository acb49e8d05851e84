import type { Damage } from '../../storage/damage.ts';
import type { Extent } from '../../storage/extent.ts';
import type { StoreFolder } from './folder.ts';
import { readFirst, readRecords } from './reading.ts';
import { type BeginRecord, RecordDecoder } from './record.ts';

/** Which files of a store are read, in which order, and which of them are not there. */
export interface ReadingPlan {
  /** 0: there is none. */
  snapshot: number;
  journals: number[];
  /** What journals say about themselves; those of earlier versions say nothing. */
  begins: Map<number, BeginRecord>;
  /** Journals that were begun after an error of the disk and whose snapshot never came to be: nothing in them was confirmed. */
  abandoned: number[];
  drafts: string[];
  damages: Damage[];
  /** The highest number in use. */
  newest: number;
}

/** Looks at the names and the first records of the files. Throws the errors of the system. */
export function planReading(folder: StoreFolder, promised: Extent | undefined): ReadingPlan {
  const { snapshots, journals: found, drafts } = folder.files();
  const snapshot = snapshots.at(-1) ?? 0;
  const numbers = found.filter((number) => number >= snapshot);
  const begins = new Map(
    numbers.flatMap((number) => {
      const begin = beginOf(folder.journal(number));
      return begin === undefined ? [] : [[number, begin] as const];
    }),
  );
  const damages: Damage[] = [];
  const missing = (file: string, because: string) => {
    if (!damages.some((known) => known.file === file)) damages.push({ kind: 'missing', file, because });
  };
  if (promised !== undefined && promised.snapshot > snapshot)
    missing(folder.snapshot(promised.snapshot), 'it was in its place when the broker last wrote');

  const journals: number[] = [];
  const abandoned: number[] = [];
  for (const number of numbers) {
    const isFirst = snapshot === 0 && journals.length === 0;
    const expected = (journals.at(-1) ?? Math.max(snapshot, 1) - 1) + 1;
    const begin = begins.get(number);
    const waitsForSnapshot = begin?.basis === 'snapshot' && number !== snapshot;
    const saysNothing = begin === undefined && number > expected && promised?.journal !== number;
    if (!isFirst && (waitsForSnapshot || (saysNothing && wasAbandoned(folder, number, expected)))) {
      abandoned.push(number);
      continue;
    }
    if (number > expected && isFirst)
      missing(folder.snapshot(number), `${folder.journal(number)} stands on it`);
    else if (number > expected) missing(folder.journal(expected), `${folder.journal(number)} comes after it`);
    journals.push(number);
  }
  const last = journals.at(-1) ?? 0;
  if (snapshot > 0 && journals.length === 0)
    missing(folder.journal(snapshot), `${folder.snapshot(snapshot)} was written at its beginning`);
  else if (promised !== undefined && promised.journal > last)
    missing(folder.journal(promised.journal), `${promised.bytes} bytes of it were confirmed`);
  const newest = Math.max(snapshot, last, ...abandoned, promised?.journal ?? 0, promised?.snapshot ?? 0);
  return { snapshot, journals, begins, abandoned, drafts, damages, newest };
}

/**
 * Whether a journal behind a gap in the numbers, which does not say what it stands on, was begun after an error of the
 * disk: it holds nothing yet, or an earlier version has written it, for which that was what a gap behind a torn end says.
 */
function wasAbandoned(folder: StoreFolder, number: number, expected: number): boolean {
  if (readRecords(folder.journal(number), () => undefined).records === 0) return true;
  if (!folder.files().journals.includes(expected - 1)) return false;
  return readRecords(folder.journal(expected - 1), () => undefined).gaps.at(-1)?.looksTorn ?? false;
}

function beginOf(path: string): BeginRecord | undefined {
  const bytes = readFirst(path);
  const record = bytes === undefined ? undefined : new RecordDecoder().decode(bytes);
  return record !== undefined && 'kind' in record && record.kind === 'begin' ? record : undefined;
}
