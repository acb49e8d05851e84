import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, writevSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { EncodedRecord } from './record.ts';

/** Before each record: its length and its CRC-32, four bytes each. */
export const FRAME_BYTES = 8;
const CHUNK_BYTES = 262_144;
/** Bodies from this size on are written from where they are, not copied into the batch. */
const REFERENCED_BODY_BYTES = 8_192;
/** What a system call takes at once (IOV_MAX of Linux). */
const MOST_PARTS = 1_024;

/** Framed records that are written together. */
export class Batch {
  private chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  private start = 0;
  private end = 0;
  private parts: Buffer[] = [];
  bytes = 0;

  add({ head, body }: EncodedRecord): void {
    const bodyBytes = body?.length ?? 0;
    const length = head.length + bodyBytes;
    const checksum = body === undefined ? crc32(head) : crc32(body, crc32(head));
    const isCopied = bodyBytes < REFERENCED_BODY_BYTES;
    this.claim(FRAME_BYTES + head.length + (isCopied ? bodyBytes : 0));
    this.chunk.writeUInt32LE(length, this.end);
    this.chunk.writeUInt32LE(checksum, this.end + 4);
    this.end += FRAME_BYTES;
    this.copy(head);
    if (body !== undefined && isCopied) this.copy(body);
    else if (body !== undefined) {
      this.cut();
      this.parts.push(body);
    }
    this.bytes += FRAME_BYTES + length;
  }

  /** Everything since `clear`. */
  view(): readonly Buffer[] {
    this.cut();
    return this.parts;
  }

  clear(): void {
    this.parts = [];
    this.start = 0;
    this.end = 0;
    this.bytes = 0;
  }

  private copy(bytes: Buffer): void {
    this.chunk.set(bytes, this.end);
    this.end += bytes.length;
  }

  private claim(bytes: number): void {
    if (this.chunk.length - this.end >= bytes) return;
    this.cut();
    this.chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
    this.start = 0;
    this.end = 0;
  }

  private cut(): void {
    if (this.end === this.start) return;
    this.parts.push(this.chunk.subarray(this.start, this.end));
    this.start = this.end;
  }
}

/** A file that records are appended to. */
export class JournalFile {
  /** What it holds. */
  bytes: number;
  private readonly fd: number;
  private syncing = false;
  private closed = false;

  /** Opens or creates it. Throws the error of the system. */
  constructor(path: string) {
    this.fd = openSync(path, 'a', 0o600);
    this.bytes = fstatSync(this.fd).size;
  }

  /**
   * Hands the bytes to the operating system, and returns only then: whatever a client sees afterwards, a kill of this
   * process cannot take back. That costs microseconds, other than `sync`, which waits for the disk.
   */
  write(parts: readonly Buffer[]): void {
    for (let index = 0; index < parts.length; index += MOST_PARTS)
      writeAll(this.fd, parts.slice(index, index + MOST_PARTS));
    for (const { length } of parts) this.bytes += length;
  }

  /** Tells when everything written so far is on the disk. One at a time. */
  sync(done: (error: Error | null) => void): void {
    this.syncing = true;
    fdatasync(this.fd, (error) => {
      this.syncing = false;
      if (this.closed) closeSync(this.fd);
      done(error);
    });
  }

  syncNow(): void {
    fdatasyncSync(this.fd);
  }

  close(): void {
    this.closed = true;
    // The number of a closed file may be given to another one: it stays open while the system works on it.
    if (!this.syncing) closeSync(this.fd);
  }
}

function writeAll(fd: number, parts: Buffer[]): void {
  let rest = parts;
  while (rest.length > 0) {
    let written = writevSync(fd, rest);
    const [first] = rest;
    if (rest.length === 1 && first !== undefined && written === first.length) return;
    rest = rest.flatMap((part) => {
      const taken = Math.min(written, part.length);
      written -= taken;
      return taken === part.length ? [] : [part.subarray(taken)];
    });
  }
}
