import type { Log } from '../../program.ts';
import type { StoreFolder } from './folder.ts';
import { Image } from './image.ts';
import { type JournalEnd, readJournal } from './journal.ts';
import { RecordDecoder } from './record.ts';

export interface Replayed {
  image: Image;
  /** The journal that is written on. */
  journal: number;
  /** What all files take. */
  bytes: number;
}

/** Reads what an earlier broker has left, and removes what says nothing any more. Throws the errors of the system. */
export function replay(folder: StoreFolder, log: Log): Replayed {
  const { snapshot, journals, remnants } = folder.layout();
  const image = new Image();
  let bytes = 0;
  const read = (path: string): JournalEnd => {
    const decoder = new RecordDecoder();
    const end = readJournal(path, (record) => image.apply(decoder.decode(record)));
    bytes += end.wholeBytes;
    if (end.tornBytes > 0)
      log('warn', 'the end of a journal was not whole and is left out', { path, ...end });
    return end;
  };
  if (snapshot !== undefined) read(folder.snapshot(snapshot));
  let torn = false;
  for (const number of journals) torn = read(folder.journal(number)).tornBytes > 0;
  folder.remove(remnants);
  const last = journals.at(-1);
  // Nothing is written behind a torn end, and nothing is cut off: what was not understood stays to be looked at.
  const journal = last === undefined ? (snapshot ?? 1) : torn ? last + 1 : last;
  return { image, journal, bytes };
}
