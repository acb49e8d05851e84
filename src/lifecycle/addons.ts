import { join } from 'node:path';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { AddonPlan } from '../model/addon.ts';
import type { Stack } from '../model/stack.ts';
import { addonNamed, listAddons } from '../scaffold/addons.ts';
import {
  keepAsBase,
  layAddon,
  planAdd,
  planRemove,
  takeAddon,
  unlinkWorkspaces,
  withUndo,
  workspacesAmong,
} from '../scaffold/change-addons.ts';
import { installAdded } from '../scaffold/install.ts';
import { SERVICE_FILE, SERVICES_FOLDER } from '../scaffold/service/plan.ts';
import { writeComposeFiles } from './compose-files.ts';
import { openStackHere } from './open.ts';
import { exists } from './packages.ts';

interface Options {
  dryRun: boolean;
}

/**
 * Lays an add-on over the stack and makes its packages complete; with `dryRun` it only says what would be laid.
 * @throws QbtcError those of `planAdd` and `installAdded`, ADDON_UNKNOWN, CONFIG_INVALID
 */
export async function addAddon(
  context: Context,
  { root }: Pick<Stack, 'root'>,
  name: string,
  { dryRun, install }: Options & { install: boolean },
): Promise<AddonPlan> {
  const addon = addonNamed(await listAddons(context.installation.root), name);
  const plan = await planAdd(root, addon);
  if (dryRun) return plan;
  await proven(context, root, plan, async () => {
    await layAddon(root, addon, plan, context.interrupted);
    await keepAsBase(root, addon, plan);
  });
  if (install) await installAdded(context, root);
  return plan;
}

/**
 * Takes an add-on out of the stack; with `dryRun` it only says what would be taken.
 * @throws QbtcError ADDON_NOT_THERE, ADDON_UNKNOWN, CONFIG_INVALID
 */
export async function removeAddon(
  context: Context,
  { root }: Pick<Stack, 'root'>,
  name: string,
  { dryRun }: Options,
): Promise<AddonPlan> {
  const plan = await planRemove(root, name).catch(async (error: unknown) => {
    if (await exists(join(root, SERVICES_FOLDER, name, SERVICE_FILE))) throw isOwn(name);
    // Of a name that nobody knows the nearest is told.
    addonNamed(await listAddons(context.installation.root), name);
    throw error;
  });
  if (dryRun) return plan;
  const workspaces = await workspacesAmong(root, plan);
  await proven(context, root, plan, () => takeAddon(root, plan));
  await unlinkWorkspaces(root, workspaces);
  return plan;
}

/** Nothing of it is qbtc's to take away. */
function isOwn(name: string): QbtcError {
  const folder = `${SERVICES_FOLDER}/${name}`;
  return new QbtcError(
    'ADDON_NOT_THERE',
    `${name} is a service of this stack, and no add-on that qbtc laid`,
    {
      hint: `delete ${folder}, then: qbtc up`,
    },
  );
}

/** A stack that does not load after the change is put back as it was. */
async function proven(
  context: Context,
  root: string,
  plan: AddonPlan,
  change: () => Promise<void>,
): Promise<void> {
  await withUndo(root, plan, async () => {
    await change();
    await writeComposeFiles(context, await openStackHere(context));
  });
}
