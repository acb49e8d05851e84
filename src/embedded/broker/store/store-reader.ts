import type { Damage } from '../../storage/damage.ts';
import type { StoreFolder } from './folder.ts';
import type { Image } from './image.ts';
import { type Gap, type Reading, readRecords } from './reading.ts';
import { type FileRecord, RecordDecoder, type RecordFault } from './record.ts';

/** What is known of a journal from elsewhere. */
export interface JournalBounds {
  /** So much of it was confirmed; `undefined` when that is said of another one, or of none. */
  promised: number | undefined;
  /** So much of it the next one goes on from. */
  followedFrom: number | undefined;
  /** Whether what was confirmed is known at all: what stands behind it then was not. */
  isExtentKnown: boolean;
}

export interface TornEnd {
  path: string;
  offset: number;
  tornBytes: number;
}

/** Reads the files of a store into an image, in order, and notes what is wrong with them. */
export class StoreReader {
  readonly image: Image;
  readonly torn: TornEnd[] = [];
  /** What is wrong because something else is. */
  readonly consequences: Damage[] = [];
  /** What the files take that were read. */
  bytes = 0;
  /** The journal that was read last. */
  last: { number: number; wholeBytes: number; isTorn: boolean } | undefined;
  /** Where the last whole record of the one before ends. */
  previousBytes = 0;
  private readonly folder: StoreFolder;
  private readonly damages: Damage[];
  /** Something before is missing: what is said about unknown queues is no mistake then. */
  private isIncomplete: boolean;
  /** How many records the end of a snapshot says that stand before it. */
  private expected: number | undefined;

  constructor(folder: StoreFolder, image: Image, damages: Damage[], isIncomplete: boolean) {
    this.folder = folder;
    this.image = image;
    this.damages = damages;
    this.isIncomplete = isIncomplete;
  }

  /** A snapshot in its place was whole once: whatever is missing in it is damage. */
  snapshot(number: number): void {
    const file = this.folder.snapshot(number);
    const { reading, begin } = this.read(file, 'snapshot', number);
    for (const gap of reading.gaps) this.unreadable(file, gap);
    const wrong = (reason: string) => void this.damages.push({ kind: 'wrong', file, reason });
    if (reading.bytes === 0) wrong('it is empty, and a snapshot never is');
    // Those of earlier versions say nothing about their end.
    else if (begin && this.expected === undefined && reading.gaps.length === 0)
      wrong(
        `it is cut off at byte ${reading.bytes}, behind ${reading.records} whole records: its last one is missing`,
      );
    else if (
      this.expected !== undefined &&
      this.expected !== reading.records - 1 &&
      reading.gaps.length === 0
    )
      wrong(`it holds ${reading.records - 1} records and its end, and was written with ${this.expected}`);
    this.isIncomplete ||= this.damages.length > 0;
  }

  journal(number: number, { promised, followedFrom, isExtentKnown }: JournalBounds): void {
    const file = this.folder.journal(number);
    const bound = Math.max(promised ?? 0, followedFrom ?? 0);
    const isKnown = isExtentKnown || followedFrom !== undefined;
    const { reading } = this.read(file, 'journal', number, isKnown ? bound : undefined);
    let isTorn = false;
    for (const gap of reading.gaps) {
      const isEnd = gap.after === 0;
      if (isEnd && gap.offset >= bound && (isKnown || gap.looksTorn)) {
        isTorn = true;
        this.torn.push({ path: file, offset: gap.offset, tornBytes: gap.bytes });
      } else if (!isEnd || reading.bytes >= bound) this.unreadable(file, gap);
    }
    if (reading.bytes < bound)
      this.damages.push({ kind: 'short', file, bytes: reading.bytes, promised: bound });
    this.isIncomplete ||= this.damages.length > 0;
    this.previousBytes = this.last?.wholeBytes ?? 0;
    this.last = { number, wholeBytes: reading.wholeBytes, isTorn };
  }

  private read(
    file: string,
    kind: 'snapshot' | 'journal',
    number: number,
    promisedBytes?: number,
  ): { reading: Reading; begin: boolean } {
    const decoder = new RecordDecoder();
    let begin = false;
    this.expected = undefined;
    const reading = readRecords(
      file,
      (bytes, offset) => {
        const record = decoder.decode(bytes);
        if ('fault' in record) this.notUnderstood(file, offset, record);
        else if (record.kind === 'begin') {
          begin = true;
          if (record.file !== kind || record.number !== number)
            this.damages.push({
              kind: 'wrong',
              file,
              reason: `it says that it is ${record.file} ${record.number}: it was renamed, or copied from elsewhere`,
            });
        } else if (record.kind === 'end') this.expected = record.records;
        else this.apply(record, file);
      },
      () => {
        this.isIncomplete = true;
        decoder.forget();
      },
      promisedBytes,
    );
    this.bytes += reading.wholeBytes;
    return { reading, begin };
  }

  private apply(record: Exclude<FileRecord, { kind: 'begin' | 'end' }>, file: string): void {
    if (record.kind === 'message' && this.isIncomplete && !this.image.queues.has(record.queue)) {
      // Its definition is among what is lost. The messages are not: a queue without arguments keeps them.
      this.image.apply({ kind: 'queue', name: record.queue, autoDelete: false, arguments: new Map() });
      const reason = `the definition of queue '${record.queue}' is lost: it is a classic queue without arguments then`;
      this.consequences.push({ kind: 'wrong', file, reason });
    }
    this.image.apply(record);
  }

  private unreadable(file: string, { offset, bytes, before, after }: Gap): void {
    this.damages.push({ kind: 'unreadable', file, offset, bytes, before, after });
  }

  private notUnderstood(file: string, offset: number, fault: RecordFault): void {
    this.isIncomplete = true;
    this.damages.push({ kind: 'not-understood', file, offset, reason: reasonOf(fault) });
  }
}

function reasonOf(fault: RecordFault): string {
  switch (fault.fault) {
    case 'unknown-kind':
      return `a record of the unknown kind ${fault.code}: a later version of qbtc has written it`;
    case 'malformed':
      return `a record of the kind ${fault.of} that cannot be read: ${fault.reason}`;
    case 'content-lost':
      return 'a message whose content stands in the record before it, and that one is lost';
  }
}
