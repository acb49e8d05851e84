import { createHash } from 'node:crypto';
import * as z from 'zod';
import { FILE_ACTIONS, type FileUpgrade } from '../../model/upgrade.ts';
import { stateFile } from '../../state/index.ts';
import { digestOfBytes } from '../ledger.ts';
import type { PlannedFile } from './plan.ts';
import type { Found, Tree } from './tree.ts';

const change = z.object({
  action: z.enum(FILE_ACTIONS),
  path: z.string(),
  from: z.string().exactOptional(),
  conflicts: z.number().exactOptional(),
  beside: z.string().exactOptional(),
});

const journal = z
  .object({
    /** Which template it brings. */
    template: z.string(),
    version: z.string(),
    files: z.array(z.object({ change, digest: z.string(), fromDigest: z.string().exactOptional() })),
  })
  .optional();

/** What an upgrade is about to write: one that was killed is taken up again by what it has written. */
export type Journal = NonNullable<z.output<typeof journal>>;

export const upgradeJournal = stateFile<Journal | undefined>('upgrade', journal, undefined);

/** Files with conflicts that nobody has decided yet. */
export const unresolvedFiles = stateFile<string[]>('conflicts', z.array(z.string()), []);

export function templateDigest(tree: Tree): string {
  const lines = [...tree].map(([path, { digest }]) => `${digest} ${path}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

export function journalOf(
  template: string,
  version: string,
  files: readonly PlannedFile[],
  mine: ReadonlyMap<string, Found>,
): Journal {
  return {
    template,
    version,
    files: files.flatMap(({ bytes, besideBytes, mode, reason, ...written }) => {
      if (bytes === undefined) return [];
      const before = written.from === undefined ? undefined : mine.get(written.from);
      const fromDigest = before === undefined || before === 'other' ? {} : { fromDigest: before.digest };
      return [{ change: written, digest: digestOfBytes(bytes), ...fromDigest }];
    }),
  };
}

/** What of the journal stands in the stack already; `left` is what a move had still to take away. */
export function writtenOf(
  { files }: Journal,
  mine: ReadonlyMap<string, Found>,
): { changes: FileUpgrade[]; left: string[] } {
  const there = files.filter(({ change: { path }, digest }) => digestAt(mine, path) === digest);
  const left = there.flatMap(({ change: { from }, fromDigest }) =>
    from !== undefined && fromDigest !== undefined && digestAt(mine, from) === fromDigest ? [from] : [],
  );
  return { changes: there.map((each) => each.change), left };
}

function digestAt(mine: ReadonlyMap<string, Found>, path: string): string | undefined {
  const found = mine.get(path);
  return found === undefined || found === 'other' ? undefined : found.digest;
}
