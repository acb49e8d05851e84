import { uncheckedLine } from '../../storage/checked-line.ts';
import type { Damage } from '../../storage/damage.ts';
import type { Extent } from '../../storage/extent.ts';

/** A record and where it stands. */
export interface LoadedRecord {
  json: string;
  file: string;
  offset: number;
}

export interface ReadJournal {
  records: LoadedRecord[];
  damages: Damage[];
  /** Where the last whole line ends. */
  wholeBytes: number;
  generation: number;
  /** Whether a line has a checksum: earlier versions wrote none, and no extent. */
  isChecked: boolean;
}

const NEWLINE = 0x0a;

/**
 * Reads the lines of a journal; `bytes` is `undefined` when there is none. A last line without its end is what a crash
 * left of a change that was never acknowledged, unless `promised` says that it was. `isExpected`: there was a journal.
 */
export function readJournal(
  file: string,
  bytes: Buffer | undefined,
  promised: Extent | undefined,
  isExpected: boolean,
): ReadJournal {
  const read: ReadJournal = { records: [], damages: [], wholeBytes: 0, generation: 0, isChecked: false };
  const { records, damages } = read;
  if (bytes === undefined) {
    if (promised !== undefined && promised.bytes > 0)
      damages.push({ kind: 'missing', file, because: `${promised.bytes} bytes of it were confirmed` });
    else if (isExpected)
      damages.push({ kind: 'missing', file, because: 'the keyring beside it is of a gateway that had it' });
    return read;
  }
  let begun: number | undefined;
  const gaps: Extract<Damage, { kind: 'unreadable' }>[] = [];
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, read.wholeBytes)) {
    const offset = read.wholeBytes;
    const line = bytes.toString('utf8', offset, end);
    const json = uncheckedLine(line);
    read.isChecked ||= json !== undefined && json !== line;
    read.wholeBytes = end + 1;
    const begin = json === undefined ? undefined : beginOf(json);
    if (begin !== undefined) {
      read.generation = begin.generation;
      begun = begin.records;
      continue;
    }
    if (json !== undefined && isJson(json)) {
      records.push({ json, file, offset });
      for (const gap of gaps) gap.after += 1;
    } else {
      const [length, before] = [end + 1 - offset, records.length];
      gaps.push({ kind: 'unreadable', file, offset, bytes: length, before, after: 0 });
    }
  }
  damages.push(...gaps);
  if (promised !== undefined && promised.journal > read.generation && gaps.length === 0)
    damages.push({
      kind: 'wrong',
      file,
      reason: 'it is older than what was confirmed: it was replaced, or emptied',
    });
  const bound = promised?.journal === read.generation ? promised.bytes : 0;
  if (read.wholeBytes < bound) damages.push({ kind: 'short', file, bytes: bytes.length, promised: bound });
  else if (begun !== undefined && gaps.length === 0 && records.length < begun) {
    const reason = `it holds ${records.length} records, and was begun with ${begun}`;
    damages.push({ kind: 'wrong', file, reason });
  }
  return read;
}

function beginOf(json: string): { generation: number; records: number } | undefined {
  if (!json.startsWith('{"begin":') || !isJson(json)) return undefined;
  return (JSON.parse(json) as { begin: { generation: number; records: number } }).begin;
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
