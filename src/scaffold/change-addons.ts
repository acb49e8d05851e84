import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { StackDocument } from '../config/document.ts';
import { readStackDocument, STACK_FILE } from '../config/load.ts';
import { QbtcError } from '../errors.ts';
import type { AddonPlan, FileChange } from '../model/addon.ts';
import { isRecord } from '../record.ts';
import { readTextFile } from '../text-file.ts';
import { ADDON_FILES, type Addon, filesOfAddon } from './addons.ts';
import { withComposeServices } from './compose-services.ts';
import { copyTemplate } from './copy.ts';
import { inGroups } from './in-groups.ts';
import { digestOf, LEDGER_FILE, OLDER_LEDGER_FILE, readLedger, writeLedger } from './ledger.ts';
import { addToLock, newInLock, removeFromLock } from './lock-file.ts';
import { removeEmpty } from './upgrade/apply.ts';
import { BASE_FILE, contentsIn, readBase, writeBase } from './upgrade/base.ts';
import { filesOf, lookAt } from './upgrade/tree.ts';

/**
 * What laying the add-on over the stack would do. A file that is there already with another content is somebody's own.
 * @throws QbtcError ADDON_THERE, ADDON_CONFLICT
 */
export async function planAdd(root: string, addon: Addon): Promise<AddonPlan> {
  const { addons } = await readLedger(root);
  if (Object.hasOwn(addons, addon.name))
    throw new QbtcError('ADDON_THERE', `the stack has the add-on ${addon.name} already`, {
      hint: `qbtc remove ${addon.name}`,
    });
  const changes = await Promise.all(
    (await filesOfAddon(addon)).map(async (path) => {
      const there = await digestOf(join(root, path));
      const same = there === (await digestOf(join(addon.folder, path)));
      return { path, action: there === undefined ? 'create' : same ? 'same' : 'conflict' } as const;
    }),
  );
  const own = changes.filter(({ action }) => action === 'conflict').map(({ path }) => path);
  if (own.length > 0) {
    throw new QbtcError('ADDON_CONFLICT', `the add-on ${addon.name} would overwrite what is there`, {
      details: own.slice(0, 20),
      hint: 'move these files away, then add it again: nothing was changed',
    });
  }
  return { addon: addon.name, action: 'add', changes: changes as FileChange[] };
}

/** @throws QbtcError ADDON_NOT_THERE */
export async function planRemove(root: string, name: string): Promise<AddonPlan> {
  const laid = (await readLedger(root)).addons[name];
  if (laid === undefined)
    throw new QbtcError('ADDON_NOT_THERE', `the stack has no add-on ${name} that qbtc laid`, {
      hint: `${LEDGER_FILE} names those that it has`,
    });
  const changes = await Promise.all(
    Object.entries(laid.files).map(async ([path, digest]): Promise<FileChange[]> => {
      const now = await digestOf(join(root, path));
      if (now === undefined) return [];
      if (now === digest) return [{ action: 'delete', path }];
      return [{ action: 'keep', path, kept: freeName(root, `${path}.kept`) }];
    }),
  );
  return { addon: name, action: 'remove', changes: changes.flat() };
}

/** The path, or with a number behind it where that is taken. */
export function freeName(root: string, path: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? path : `${path}.${count}`;
    if (!existsSync(join(root, name))) return name;
  }
}

/**
 * Lays the files of the add-on over the stack, as planned. What will be laid is written down first: one that was killed
 * on the way is taken away by `takeAddon`.
 */
export async function layAddon(
  root: string,
  addon: Addon,
  plan: AddonPlan,
  signal: AbortSignal,
): Promise<void> {
  const lock = join(addon.folder, ADDON_FILES.lock);
  const digests = await Promise.all(
    plan.changes.map(async ({ path }) => [path, (await digestOf(join(addon.folder, path))) ?? ''] as const),
  );
  const ledger = await readLedger(root);
  const laid = { files: Object.fromEntries(digests), packages: await newInLock(root, lock) };
  await writeLedger(root, { ...ledger, addons: { ...ledger.addons, [addon.name]: laid } });
  const made = plan.changes.filter(({ action }) => action === 'create').map(({ path }) => path);
  await copyTemplate(addon.folder, root, signal, made);
  await addToLock(root, lock);
  await renewCompose(root);
}

/** Keeps what the add-on laid beside what was laid before it, for the merges of `upgrade`. */
export async function keepAsBase(root: string, { folder }: Addon, { changes }: AddonPlan): Promise<void> {
  // A stack of an older qbtc has none, and one of add-ons alone would be of no use.
  const ledger = await readLedger(root);
  if (ledger.template === undefined) return;
  const laid = await lookAt(
    folder,
    changes.map(({ path }) => path),
  );
  await writeBase(root, new Map([...(await readBase(root)), ...contentsIn(filesOf(laid))]), ledger);
}

/** Takes the files away as planned: what was changed by hand is kept beside, under another name. */
export async function takeAddon(root: string, { addon, changes }: AddonPlan): Promise<void> {
  const ledger = await readLedger(root);
  const { [addon]: gone, ...others } = ledger.addons;
  await inGroups(changes, ({ path, kept }) =>
    kept === undefined ? rm(join(root, path), { force: true }) : rename(join(root, path), join(root, kept)),
  );
  for (const folder of foldersOf(changes)) await removeEmpty(root, folder);
  await removeFromLock(root, gone?.packages ?? []);
  const left = { ...ledger, addons: others };
  await writeLedger(root, left);
  if (ledger.template !== undefined) await writeBase(root, await readBase(root), left);
  await renewCompose(root);
}

/** Each once, as they come. */
function foldersOf(changes: readonly { path: string }[]): Set<string> {
  return new Set(changes.map(({ path }) => dirname(path)));
}

/** The packages of the stack's own that the plan takes away: to be asked for before it is carried out. */
export async function workspacesAmong(
  root: string,
  { changes }: AddonPlan,
): Promise<{ folder: string; name: string }[]> {
  const manifests = changes.filter(({ path }) => path.endsWith('/package.json'));
  return await Promise.all(
    manifests.map(async ({ path }) => {
      const { name } = JSON.parse(await readTextFile(join(root, path))) as { name: string };
      return { folder: dirname(path), name };
    }),
  );
}

/** Takes away what npm has made for packages that are gone; `npm install` would make it again. */
export async function unlinkWorkspaces(
  root: string,
  workspaces: readonly { folder: string; name: string }[],
): Promise<void> {
  for (const { folder, name } of workspaces) {
    await rm(join(root, folder, 'node_modules'), { recursive: true, force: true });
    await rm(join(root, 'node_modules', name), { force: true });
    await removeEmpty(root, folder);
  }
}

/** The services with a command of their own whose folder says how their image is made. */
function withImage(root: string, { data }: StackDocument): Set<string> {
  const services = Object.entries(isRecord(data.services) ? data.services : {});
  const hasOne = ([, service]: [string, unknown]) =>
    isRecord(service) &&
    service.command !== undefined &&
    existsSync(join(root, String(service.path ?? '.'), 'Dockerfile'));
  return new Set(services.filter(hasOne).map(([name]) => name));
}

/** The services in the stack's compose file, as the stack says now. */
export async function renewCompose(root: string): Promise<void> {
  const document = await readStackDocument({ file: join(root, STACK_FILE) });
  const file = composeFile(root, document);
  // A stack without containers needs none.
  if (!existsSync(file)) return;
  const text = await readTextFile(file);
  const renewed = withComposeServices(text, document, withImage(root, document));
  if (renewed !== text) await writeFileAtomic(file, renewed);
}

function composeFile(root: string, { data }: StackDocument): string {
  return resolve(root, String(data.compose ?? 'infrastructure/docker-compose.yml'));
}

/** Keeps a copy of everything that a change touches, so that a change which leaves a stack that does not load is undone. */
export async function withUndo(
  root: string,
  plan: Pick<AddonPlan, 'changes'>,
  change: () => Promise<void>,
): Promise<void> {
  const created = plan.changes.filter(({ action }) => action === 'create').map(({ path }) => path);
  const touched = plan.changes.filter(({ action }) => action !== 'create').map(({ path }) => path);
  await undoable(
    root,
    { touched, made: [...created, ...plan.changes.flatMap(({ kept }) => kept ?? [])] },
    change,
  );
}

/**
 * The same by paths below the root.
 *
 * @param touched files that are changed or taken away
 * @param made files that are not there before
 */
export async function undoable(
  root: string,
  { touched, made }: { touched: readonly string[]; made: readonly string[] },
  change: () => Promise<void>,
): Promise<void> {
  const kept = await mkdtemp(join(tmpdir(), 'qbtc-undo-'));
  const compose = composeFile(root, await readStackDocument({ file: join(root, STACK_FILE) }));
  const own = [LEDGER_FILE, OLDER_LEDGER_FILE, BASE_FILE, 'package-lock.json'];
  const files = new Set([...touched, ...own].map((path) => join(root, path)).concat(compose));
  const there = [...files].filter((file) => existsSync(file));
  await inGroups([...there.entries()], ([index, file]) => cp(file, join(kept, String(index))));
  try {
    await change();
  } catch (error) {
    const gone = [...made, ...own].filter((path) => !there.includes(join(root, path)));
    await inGroups(gone, (path) => rm(join(root, path), { force: true }));
    for (const folder of foldersOf(made.map((path) => ({ path })))) await removeEmpty(root, folder);
    await inGroups([...there.entries()], async ([index, file]) => {
      await mkdir(dirname(file), { recursive: true });
      await cp(join(kept, String(index)), file);
    });
    throw error;
  } finally {
    await rm(kept, { recursive: true, force: true });
  }
}
