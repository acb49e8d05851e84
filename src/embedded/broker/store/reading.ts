import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { LARGEST_MESSAGE_BYTES } from '../message.ts';
import { FRAME_BYTES } from './journal.ts';
import { RecordDecoder } from './record.ts';

/** The body of a message, and room for its properties and addresses. */
const LARGEST_RECORD_BYTES = LARGEST_MESSAGE_BYTES + 16 * 1024 * 1024;
const WINDOW_BYTES = 262_144;
const SECTOR_BYTES = 512;

/** Bytes of a file that are no whole record. */
export interface Gap {
  offset: number;
  bytes: number;
  /** Whole records before it. */
  before: number;
  /** Whole records between it and the next gap, or the end. */
  after: number;
  /** Only the last one can be: its record passes the end of the file, or is of zeros, as after a power cut. */
  looksTorn: boolean;
}

/** What reading a file came to. */
export interface Reading {
  /** The size of the file. */
  bytes: number;
  /** Where the last whole record ends. */
  wholeBytes: number;
  records: number;
  gaps: Gap[];
}

/**
 * Reads every whole record of a file, also those behind bytes that are none. `onRecord` gets a view that the next one
 * overwrites, and where the record stands; `onGap` hears of each gap before the record behind it. A record at or behind
 * `promisedBytes` that passes the end of the file is a write that was cut short: nothing is looked for in it, since what
 * stands there is a part of a message, and may look like records. Throws the errors of the system.
 */
export function readRecords(
  path: string,
  onRecord: (bytes: Buffer, offset: number) => void,
  onGap: () => void = () => undefined,
  promisedBytes = Number.POSITIVE_INFINITY,
): Reading {
  const file = new FileView(path);
  try {
    const reading: Reading = { bytes: file.size, wholeBytes: 0, records: 0, gaps: [] };
    let offset = 0;
    while (offset < file.size) {
      const record = wholeAt(file, offset);
      if (record !== undefined) {
        const length = record.length;
        onRecord(record, offset);
        offset += FRAME_BYTES + length;
        reading.records += 1;
        reading.wholeBytes = offset;
        const gap = reading.gaps.at(-1);
        if (gap !== undefined) gap.after += 1;
        continue;
      }
      const isCutShort = offset >= promisedBytes && passesEnd(file, offset);
      const next = isCutShort ? undefined : nextWhole(file, offset);
      const end = next ?? file.size;
      const looksTorn = next === undefined && isTorn(file, offset);
      reading.gaps.push({ offset, bytes: end - offset, before: reading.records, after: 0, looksTorn });
      if (next !== undefined) onGap();
      offset = end;
    }
    return reading;
  } finally {
    file.close();
  }
}

/** The first record of a file; `undefined` when it is not whole. Throws the errors of the system. */
export function readFirst(path: string): Buffer | undefined {
  const file = new FileView(path);
  try {
    const record = wholeAt(file, 0);
    return record === undefined ? undefined : Buffer.from(record);
  } finally {
    file.close();
  }
}

function lengthAt(file: FileView, offset: number): number | undefined {
  const length = file.at(offset, FRAME_BYTES)?.readUInt32LE(0);
  return length === undefined || length === 0 || length > LARGEST_RECORD_BYTES ? undefined : length;
}

function wholeAt(file: FileView, offset: number): Buffer | undefined {
  const length = lengthAt(file, offset);
  if (length === undefined) return undefined;
  const framed = file.at(offset, FRAME_BYTES + length);
  if (framed === undefined) return undefined;
  const record = framed.subarray(FRAME_BYTES);
  return crc32(record) === framed.readUInt32LE(4) ? record : undefined;
}

/** Where the next whole record begins: behind the bad one if its length is right, else wherever one is found. */
function nextWhole(file: FileView, offset: number): number | undefined {
  const behind = offset + FRAME_BYTES + (lengthAt(file, offset) ?? 0);
  if (behind > offset + FRAME_BYTES && isRecordAt(file, behind)) return behind;
  for (let at = offset + 1; at + FRAME_BYTES < file.size; at += 1) if (isRecordAt(file, at)) return at;
  return undefined;
}

function isRecordAt(file: FileView, offset: number): boolean {
  const length = lengthAt(file, offset);
  if (length === undefined || offset + FRAME_BYTES + length > file.size) return false;
  // What is no record shows in the first bytes, nearly always: only then is all of it looked at.
  const start = file.at(offset + FRAME_BYTES, Math.min(length, RecordDecoder.MOST_BYTES_BEFORE_BODY));
  if (start === undefined || !RecordDecoder.mayBegin(start)) return false;
  return wholeAt(file, offset) !== undefined;
}

function passesEnd(file: FileView, offset: number): boolean {
  const length = file.at(offset, FRAME_BYTES)?.readUInt32LE(0);
  return length === undefined || offset + FRAME_BYTES + length > file.size;
}

function isTorn(file: FileView, offset: number): boolean {
  if (passesEnd(file, offset)) return true;
  // Sectors that had not come to the disk when the power went are zeros, up to the end of the file.
  let zeros = file.size;
  while (zeros > offset && file.at(zeros - 1, 1)?.[0] === 0) zeros -= 1;
  return zeros === offset || Math.ceil(zeros / SECTOR_BYTES) * SECTOR_BYTES < file.size;
}

/** A file that is looked at in any place, and mostly from its start to its end. */
class FileView {
  readonly size: number;
  private readonly fd: number;
  private window = Buffer.alloc(0);
  private start = 0;

  constructor(path: string) {
    this.fd = openSync(path, 'r');
    this.size = fstatSync(this.fd).size;
  }

  /** A view that the next call may overwrite; `undefined` when the file ends before. */
  at(offset: number, length: number): Buffer | undefined {
    if (offset + length > this.size) return undefined;
    if (offset < this.start || offset + length > this.start + this.window.length) this.load(offset, length);
    const from = offset - this.start;
    return from + length > this.window.length ? undefined : this.window.subarray(from, from + length);
  }

  close(): void {
    closeSync(this.fd);
  }

  private load(wanted: number, length: number): void {
    // Who looks backwards goes on doing so.
    const offset = wanted < this.start ? Math.max(0, wanted + length - WINDOW_BYTES) : wanted;
    const window = Buffer.allocUnsafe(Math.min(Math.max(WINDOW_BYTES, length), this.size - offset));
    let filled = 0;
    while (filled < window.length) {
      const read = readSync(this.fd, window, filled, window.length - filled, offset + filled);
      if (read === 0) break;
      filled += read;
    }
    this.window = window.subarray(0, filled);
    this.start = offset;
  }
}
