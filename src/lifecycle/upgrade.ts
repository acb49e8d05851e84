import { join } from 'node:path';
import semver from 'semver';
import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { Upgrade, UpgradeNotice } from '../model/upgrade.ts';
import { freeName, renewCompose, undoable } from '../scaffold/change-addons.ts';
import { installAdded } from '../scaffold/install.ts';
import { writeLedger } from '../scaffold/ledger.ts';
import { applyFiles } from '../scaffold/upgrade/apply.ts';
import { writeBase } from '../scaffold/upgrade/base.ts';
import { type Given, givenOf } from '../scaffold/upgrade/given.ts';
import { journalOf, unresolvedFiles, upgradeJournal, writtenOf } from '../scaffold/upgrade/journal.ts';
import { hasMarks } from '../scaffold/upgrade/marks.ts';
import { type PlannedFile, planFiles } from '../scaffold/upgrade/plan.ts';
import { uncommitted } from '../scaffold/upgrade/repository.ts';
import { type Found, lookAt } from '../scaffold/upgrade/tree.ts';
import { readTextFile } from '../text-file.ts';
import { writeComposeFiles } from './compose-files.ts';
import { openStackHere } from './open.ts';

export interface UpgradeOptions {
  dryRun: boolean;
  /** Whether packages are installed that the template needs now. */
  install: boolean;
  /** Whether files may be changed that differ from the last commit. */
  allowDirty: boolean;
  /** A commit of the stack's repository to go by, or `none`; what qbtc wrote down when left out. */
  base?: string;
}

/**
 * Brings the stack to the template of this qbtc: a three-way merge of what was laid, what stands there, and what would be
 * laid now. With `dryRun` it only says what would be done. Killed half-way it is taken up again by the next one.
 *
 * @throws QbtcError TEMPLATE_UNKNOWN, TEMPLATE_NEWER, ADDONS_UNREADABLE, UPGRADE_UNRESOLVED, UPGRADE_UNFINISHED,
 *   UPGRADE_DIRTY, UPGRADE_BASE_WRONG; CONFIG_INVALID where the stack would not load afterwards: it is put back then
 */
export async function upgradeStack(
  context: Context,
  { root }: Pick<Stack, 'root'>,
  options: UpgradeOptions,
): Promise<Upgrade> {
  await refuseUnresolved(root);
  const given = await givenOf(context, root, options.base);
  refuseNewer(given.from, given.version);
  const mine = await lookAt(root, new Set([...given.base.keys(), ...given.theirs.keys()]));
  const { files, changes } = await planned(root, given, mine);
  const repository = await uncommitted(context, root);
  const notices: UpgradeNotice[] = [...given.notices];
  if (repository === undefined && changes.length > 0) notices.push({ kind: 'no-repository' });
  const upgrade: Upgrade = { from: given.from, to: given.version, base: given.kind, changes, notices };
  if (options.dryRun) return upgrade;
  if (!options.allowDirty) refuseDirty(files, repository ?? new Set());
  await carryOut(context, root, given, { files, mine, hasConflicts: conflictsOf(upgrade).length > 0 });
  await unresolvedFiles.write(root, conflictsOf(upgrade));
  await upgradeJournal.remove(root);
  if (changes.length === 0) return upgrade;
  // npm would stumble over the marks.
  if (!options.install || conflictsOf(upgrade).some((path) => path.endsWith('package.json')))
    return { ...upgrade, notices: [...notices, { kind: 'packages-not-installed' }] };
  await installAdded(context, root);
  return upgrade;
}

export function conflictsOf({ changes }: Pick<Upgrade, 'changes'>): string[] {
  return changes.filter(({ action }) => action === 'conflict').map(({ path }) => path);
}

/** The plan, without what an upgrade that was killed has written already: that is told, and stays as it is. */
async function planned(root: string, given: Given, mine: ReadonlyMap<string, Found>) {
  const journal = await upgradeJournal.read(root);
  const written = journal === undefined ? { changes: [], left: [] } : writtenOf(journal, mine);
  if (journal !== undefined && journal.template !== given.template && written.changes.length > 0)
    throw new QbtcError('UPGRADE_UNFINISHED', `an upgrade to ${journal.version} has not come to its end`, {
      details: written.changes.map(({ path }) => path).slice(0, 20),
      hint: `end it with that version: npx qbtc@${journal.version} upgrade; or put the files back: git checkout -- .`,
    });
  const done = new Set(
    written.changes.flatMap(({ path, from }) => [path, ...(from === undefined ? [] : [from])]),
  );
  const without = <T>(tree: ReadonlyMap<string, T>) => new Map([...tree].filter(([path]) => !done.has(path)));
  const files = planFiles(
    { base: without(given.base), mine: without(mine), theirs: without(given.theirs) },
    { label: given.version, deletes: given.kind === 'manifest' },
  ).map((file) => (file.beside === undefined ? file : { ...file, beside: freeName(root, file.beside) }));
  const left = written.left.map((path): PlannedFile => ({ action: 'delete', path }));
  const changes = [...written.changes, ...files.map(({ bytes, besideBytes, mode, ...change }) => change)];
  return {
    files: [...files, ...left],
    changes: changes.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

async function carryOut(
  context: Context,
  root: string,
  given: Given,
  {
    files,
    mine,
    hasConflicts,
  }: { files: PlannedFile[]; mine: ReadonlyMap<string, Found>; hasConflicts: boolean },
): Promise<void> {
  // What was written by one that was killed stays in the journal until all is.
  const before = await upgradeJournal.read(root);
  const journal = journalOf(given.template, given.version, files, mine);
  const kept = before?.template === given.template ? before.files : [];
  const planned = new Set(journal.files.map(({ change }) => change.path));
  if (files.length > 0)
    await upgradeJournal.write(root, {
      ...journal,
      files: [...journal.files, ...kept.filter(({ change }) => !planned.has(change.path))],
    });
  const made = files.flatMap(({ path, beside }) => [
    ...(mine.has(path) ? [] : [path]),
    ...(beside === undefined ? [] : [beside]),
  ]);
  const touched = files.flatMap(({ path, from }) => [path, ...(from === undefined ? [] : [from])]);
  const undo = { touched: touched.filter((path) => mine.has(path)), made };
  try {
    await undoable(root, undo, async () => {
      await applyFiles(root, files, context.interrupted);
      if (!hasConflicts) {
        await renewCompose(root);
        await writeComposeFiles(context, await openStackHere(context));
      }
      // What the next merge begins with. The ledger comes last: without it all of this is taken up again.
      await writeBase(root, given.contents, given.ledger);
      await writeLedger(root, given.ledger);
    });
  } catch (error) {
    await upgradeJournal.remove(root);
    throw error;
  }
}

async function refuseUnresolved(root: string): Promise<void> {
  const paths = await unresolvedFiles.read(root);
  const left: string[] = [];
  for (const path of paths) {
    const text = await readTextFile(join(root, path)).catch(() => '');
    if (hasMarks(text)) left.push(path);
  }
  if (left.length === 0) return;
  throw new QbtcError('UPGRADE_UNRESOLVED', 'the last upgrade left conflicts that nobody has decided yet', {
    exit: EXIT.findings,
    details: left,
    hint: 'choose between what stands above and below "=======" in each, take the marks out, then run it again',
  });
}

function refuseNewer(from: string | null, version: string): void {
  if (from === null || semver.valid(from) === null || !semver.gt(from, version)) return;
  throw new QbtcError(
    'TEMPLATE_NEWER',
    `this stack is of the template ${from}, this qbtc brings ${version}`,
    {
      hint: `npm install -g qbtc@${from}`,
    },
  );
}

/** What is not in a commit could not be told from what the upgrade does to it. */
function refuseDirty(files: readonly PlannedFile[], dirty: ReadonlySet<string>): void {
  const changed = files
    .filter(({ action }) => action !== 'keep')
    .flatMap(({ path, from }) => [path, ...(from === undefined ? [] : [from])])
    .filter((path) => dirty.has(path));
  if (changed.length === 0) return;
  const more = changed.length - 20;
  throw new QbtcError('UPGRADE_DIRTY', 'the upgrade would change files with changes that are in no commit', {
    details: [...changed.slice(0, 20), ...(more > 0 ? [`and ${more} more`] : [])],
    hint: 'commit them first, so that the two can be told apart (or: qbtc upgrade --allow-dirty)',
  });
}
