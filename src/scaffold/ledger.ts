import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { QbtcError } from '../errors.ts';
import { readTextFile, unreadable } from '../text-file.ts';

/** Which add-ons a stack has, and what was laid of each: it belongs into the repository of the stack. */
export const LEDGER_FILE = 'qbtc.addons.json';

/** Whoever takes an add-on out deletes what the ledger names: nothing outside of the stack. */
function isBelow(path: string): boolean {
  return path !== '' && !isAbsolute(path) && !path.split(/[\\/]/).includes('..');
}

const ledger = z.strictObject({
  addons: z.record(
    z.string(),
    z.strictObject({
      /** SHA-256 of each file as it was laid, by its path. */
      files: z.record(z.string().refine(isBelow), z.string()),
      /** What came into package-lock.json with it. */
      packages: z.array(z.string()),
    }),
  ),
});
export type Ledger = z.output<typeof ledger>;

/** @throws QbtcError ADDONS_UNREADABLE */
export async function readLedger(root: string): Promise<Ledger> {
  const file = join(root, LEDGER_FILE);
  let text: string;
  try {
    text = await readTextFile(file);
  } catch (error) {
    if (isMissing(error)) return { addons: {} };
    throw unreadable('ADDONS_UNREADABLE', file, error);
  }
  try {
    return ledger.parse(JSON.parse(text));
  } catch (cause) {
    throw new QbtcError('ADDONS_UNREADABLE', `${file} is not as qbtc wrote it`, {
      hint: 'take it back from the repository of the stack',
      cause,
    });
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

export async function writeLedger(root: string, content: Ledger): Promise<void> {
  await writeFileAtomic(join(root, LEDGER_FILE), `${JSON.stringify(content, null, 2)}\n`);
}

/** `undefined` for a file that is not there. */
export async function digestOf(file: string): Promise<string | undefined> {
  try {
    // In latin1 every byte stays what it is. A checkout may have line ends of its own.
    const text = (await readFile(file)).toString('latin1').replaceAll('\r\n', '\n');
    return createHash('sha256').update(text, 'latin1').digest('hex');
  } catch (error) {
    // What cannot be read is there all the same: nothing may be laid over it.
    if (isMissing(error)) return undefined;
    throw error;
  }
}
