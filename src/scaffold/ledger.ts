import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { messageOf, QbtcError } from '../errors.ts';
import { decode, encode } from '../state/index.ts';
import { readTextFile, unreadable } from '../text-file.ts';

/** What qbtc has laid into a stack, the template and the add-ons: it belongs into the repository of the stack. */
export const LEDGER_FILE = 'qbtc.template.json';
/** What it was called while add-ons alone stood in it. */
export const OLDER_LEDGER_FILE = 'qbtc.addons.json';

/** Whoever takes an add-on out deletes what the ledger names: nothing outside of the stack. */
function isBelow(path: string): boolean {
  const [first = '', ...others] = path.split(/[\\/]/);
  return path !== '' && first !== '.git' && !isAbsolute(path) && ![first, ...others].includes('..');
}

/** SHA-256 of each file as it was laid, by its path. */
const files = z.record(z.string().refine(isBelow), z.string());

const ledger = z.strictObject({
  /** The template that the stack is made of, and what was filled in. */
  template: z
    .strictObject({ version: z.string(), name: z.string(), portBase: z.number(), files })
    .exactOptional(),
  addons: z.record(
    z.string(),
    z.strictObject({
      files,
      /** What came into package-lock.json with it. */
      packages: z.array(z.string()),
    }),
  ),
});
export type Ledger = z.output<typeof ledger>;

/** @throws QbtcError ADDONS_UNREADABLE */
export async function readLedger(root: string): Promise<Ledger> {
  return (
    (await readOne(join(root, LEDGER_FILE))) ??
    (await readOne(join(root, OLDER_LEDGER_FILE))) ?? { addons: {} }
  );
}

async function readOne(file: string): Promise<Ledger | undefined> {
  let text: string;
  try {
    text = await readTextFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable('ADDONS_UNREADABLE', file, error);
  }
  try {
    return ledger.parse(decode(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? '' : `: ${messageOf(cause)}`;
    throw new QbtcError('ADDONS_UNREADABLE', `${file} is not as qbtc wrote it${why}`, {
      hint: 'take it back from the repository of the stack; after a change by hand take the line "$sha256" out',
      cause,
    });
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Writes it; one that says nothing is removed. */
export async function writeLedger(root: string, content: Ledger): Promise<void> {
  const file = join(root, LEDGER_FILE);
  if (content.template === undefined && Object.keys(content.addons).length === 0)
    await rm(file, { force: true });
  else await writeFileAtomic(file, encode(content));
  await rm(join(root, OLDER_LEDGER_FILE), { force: true });
}

/** All that was laid, by its path. */
export function laidFiles({ template, addons }: Ledger): Map<string, string> {
  const layers = [template?.files ?? {}, ...Object.values(addons).map((addon) => addon.files)];
  return new Map(layers.flatMap((layer) => Object.entries(layer)));
}

/** `undefined` for a file that is not there. */
export async function digestOf(file: string): Promise<string | undefined> {
  try {
    return digestOfBytes(await readFile(file));
  } catch (error) {
    // What cannot be read is there all the same: nothing may be laid over it.
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The same of what was read already. */
export function digestOfBytes(bytes: Buffer): string {
  // In latin1 every byte stays what it is. A checkout may have line ends of its own.
  const text = bytes.toString('latin1').replaceAll('\r\n', '\n');
  return createHash('sha256').update(text, 'latin1').digest('hex');
}
