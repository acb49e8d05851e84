import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';

/** How far the files of a store were on the disk when that was last promised to somebody. */
export interface Extent {
  /** The snapshot in force; 0 when there is none. */
  snapshot: number;
  /** The journal that was written. */
  journal: number;
  /** So many bytes of it. */
  bytes: number;
}

/** What was found: the extent; nothing, as in a new folder; or a file that says nothing any more. */
export type FoundExtent = Extent | 'missing' | 'damaged';

const MAGIC = 0x51_42_58_31;
const LENGTH = 24;

/** Reads the file at `path`. Throws the errors of the system, other than that there is no such file. */
export function readExtent(path: string): FoundExtent {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
    throw error;
  }
  const isWhole =
    bytes.length === LENGTH &&
    bytes.readUInt32LE(0) === MAGIC &&
    bytes.readUInt32LE(LENGTH - 4) === crc32(bytes.subarray(0, LENGTH - 4));
  if (!isWhole) return 'damaged';
  return {
    snapshot: bytes.readUInt32LE(4),
    journal: bytes.readUInt32LE(8),
    bytes: Number(bytes.readBigUInt64LE(12)),
  };
}

/**
 * The file that keeps an extent. A journal cannot say itself how long it was: cut off at the end of a record, it looks
 * whole. This file can. It is written after the disk has the journal and is not waited for: a kill leaves it as it
 * is, and after a power cut it may be behind the journal, never before it.
 */
export class ExtentFile {
  private readonly fd: number;
  private readonly content = Buffer.alloc(LENGTH);

  /** Throws the error of the system. */
  constructor(path: string) {
    this.fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    if (fstatSync(this.fd).size > LENGTH) ftruncateSync(this.fd, LENGTH);
    this.content.writeUInt32LE(MAGIC, 0);
  }

  /** Throws the error of the system. */
  write({ snapshot, journal, bytes }: Extent): void {
    const { content } = this;
    content.writeUInt32LE(snapshot, 4);
    content.writeUInt32LE(journal, 8);
    content.writeBigUInt64LE(BigInt(bytes), 12);
    content.writeUInt32LE(crc32(content.subarray(0, LENGTH - 4)), LENGTH - 4);
    writeSync(this.fd, content, 0, LENGTH, 0);
  }

  /** Waits until the disk has it. */
  sync(): void {
    fsyncSync(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
