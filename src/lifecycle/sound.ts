import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Finding } from '../model/finding.ts';
import { stateFile } from '../state/index.ts';
import type { Intent } from './check.ts';

/** Digests of what was without fault when it was looked at, by what was looked at. */
const file = stateFile<Record<string, string>>('sound', z.record(z.string(), z.string()), {});

/**
 * Looks at what was not looked at before, or is not as it was when nothing was wrong with it. Only that nothing is wrong is
 * remembered: what is wrong is told each time.
 *
 * @param subject what is looked at
 * @param hangsOn all that the answer hangs on, the code that gives it included. What cannot be read is left to the look,
 *   which says so.
 */
export async function unlessSound(
  { stack: { root }, mayWrite }: Pick<Intent, 'stack' | 'mayWrite'>,
  subject: string,
  hangsOn: () => Promise<readonly string[]>,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  const digest = await hangsOn().then(digestOf, () => undefined);
  if (digest === undefined) return look();
  if ((await file.read(root))[subject] === digest) return [];
  const findings = await look();
  // A stack that may not be written to is looked at each time.
  if (findings.length === 0 && mayWrite)
    await file.change(root, (known) => ({ ...known, [subject]: digest })).catch(() => {});
  return findings;
}

/** Each with its length: no two lists of texts are one text. */
function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}
