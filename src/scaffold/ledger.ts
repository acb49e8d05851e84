import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { QbtcError } from '../errors.ts';

/** Which add-ons a stack has, and what was laid of each: it belongs into the repository of the stack. */
export const LEDGER_FILE = 'qbtc.addons.json';

const ledger = z.strictObject({
  addons: z.record(
    z.string(),
    z.strictObject({
      /** SHA-256 of each file as it was laid, by its path. */
      files: z.record(z.string(), z.string()),
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
    text = await readFile(file, 'utf8');
  } catch {
    return { addons: {} };
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

export async function writeLedger(root: string, content: Ledger): Promise<void> {
  await writeFileAtomic(join(root, LEDGER_FILE), `${JSON.stringify(content, null, 2)}\n`);
}

/** `undefined` for a file that is not there. */
export async function digestOf(file: string): Promise<string | undefined> {
  const content = await readFile(file).catch(() => undefined);
  return content && createHash('sha256').update(content).digest('hex');
}
