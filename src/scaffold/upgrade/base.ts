import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import writeFileAtomic from 'write-file-atomic';
import { isRecord } from '../../record.ts';
import { digestOfBytes, type Ledger, laidFiles } from '../ledger.ts';
import type { Tree } from './tree.ts';

/**
 * What the laid files held, by their digests, in one compressed file: the base of the next merge. It stands beside the
 * ledger and in the repository, as a clone must be able to upgrade without a network, whichever qbtc made the stack.
 */
export const BASE_FILE = 'qbtc.template.br';

/** More than any template holds: what unpacks to more was not written here. */
const MAX_BYTES = 256 * 1024 * 1024;
const pack = promisify(brotliCompress);
const unpack = promisify(brotliDecompress);

/** Contents by digest. */
export type Contents = ReadonlyMap<string, Buffer>;

/**
 * What the file of the stack holds. Where it is gone or damaged, or one of its contents is, that content is not there: a
 * merge goes without it.
 */
export async function readBase(root: string): Promise<Contents> {
  try {
    const packed = await readFile(join(root, BASE_FILE));
    const text = (await unpack(packed, { maxOutputLength: MAX_BYTES })).toString('utf8');
    const written: unknown = JSON.parse(text);
    if (!isRecord(written)) return new Map();
    return new Map(
      Object.entries(written).flatMap(([digest, content]): [string, Buffer][] => {
        const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : undefined;
        return bytes !== undefined && digestOfBytes(bytes) === digest ? [[digest, bytes]] : [];
      }),
    );
  } catch {
    return new Map();
  }
}

/** Writes the contents that the ledger names, and no others. */
export async function writeBase(root: string, contents: Contents, ledger: Ledger): Promise<void> {
  const named = new Set(laidFiles(ledger).values());
  const kept = [...contents].filter(([digest]) => named.has(digest)).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kept.length === 0) return await rm(join(root, BASE_FILE), { force: true });
  // As latin1 every byte is a character, whatever the file is.
  const text = JSON.stringify(
    Object.fromEntries(kept.map(([digest, bytes]) => [digest, bytes.toString('latin1')])),
  );
  const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_LGWIN: window } = constants;
  await writeFileAtomic(join(root, BASE_FILE), await pack(text, { params: { [quality]: 6, [window]: 22 } }));
}

/** The contents of a tree. */
export function contentsIn(tree: Tree): Map<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (const { digest, bytes } of tree.values()) if (bytes !== undefined) contents.set(digest, bytes);
  return contents;
}
