import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Damage } from '../../storage/damage.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts the secrets of consumers wherever they leave the memory: in the answer to a PUT, as APISIX does
 * (`apisix.data_encryption`), and on the disk. The key is random for each data folder; there is no default one.
 */
export class Keyring {
  readonly #key: Buffer;

  constructor(key: Buffer = randomBytes(KEY_BYTES)) {
    this.#key = key;
  }

  seal(plain: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** Throws when the text was not sealed with this key. */
  unseal(text: string): string {
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const plain = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  }
}

/** The key of a data folder. */
export interface FolderKey {
  keyring: Keyring;
  /** Whether there is a file of it: the folder is not a new one then. */
  isThere: boolean;
  /** What is wrong with the file; the key is a new one then. */
  damage: Damage | undefined;
  /** Writes a key that is not in its file yet (mode 0600). */
  keep(): Promise<void>;
}

/** Reads the folder's key, or makes one. Changes nothing. */
export async function openKeyring(folder: string): Promise<FolderKey> {
  const path = join(folder, 'keyring');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const found = text === undefined ? undefined : Buffer.from(text, 'base64');
  if (found?.length === KEY_BYTES)
    return { keyring: new Keyring(found), isThere: true, damage: undefined, keep: async () => {} };
  const key = randomBytes(KEY_BYTES);
  return {
    keyring: new Keyring(key),
    isThere: found !== undefined,
    damage:
      found === undefined
        ? { kind: 'missing', file: path, because: 'secrets were sealed with the key in it' }
        : { kind: 'wrong', file: path, reason: `it holds ${found.length} bytes and no key of ${KEY_BYTES}` },
    keep: () => writeFileAtomic(path, key.toString('base64'), { mode: 0o600 }),
  };
}
