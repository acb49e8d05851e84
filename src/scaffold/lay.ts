import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STACK_FILE } from '../config/load.ts';
import type { Addon } from './addons.ts';
import { layAddon, planAdd } from './change-addons.ts';
import { copyTemplate, templateFiles } from './copy.ts';
import { editStackFile, renameLock, renamePackage } from './edit.ts';
import { LEDGER_FILE, type Ledger, laidFiles, readLedger, writeLedger } from './ledger.ts';
import { BASE_FILE, contentsIn, writeBase } from './upgrade/base.ts';
import { filesOf, lookAt, type Tree } from './upgrade/tree.ts';

/** Of what a stack is made. */
export interface StackSources {
  templateFolder: string;
  /** What is laid over the template. */
  addons?: readonly Addon[];
  /** Configuration of a real gateway; it becomes the stack's `infrastructure/apisix_conf`. */
  gatewayFolder: string;
}

/** What is filled into the template. */
export interface StackValues {
  name: string;
  portBase: number;
}

/** Puts the template and the add-ons into an empty folder. */
export async function layStack(
  folder: string,
  { templateFolder, addons = [], gatewayFolder }: StackSources,
  signal: AbortSignal,
): Promise<void> {
  await copyTemplate(templateFolder, folder, signal);
  for (const addon of addons) await layAddon(folder, addon, await planAdd(folder, addon), signal);
  const gateway = join(folder, 'infrastructure', 'apisix_conf');
  await mkdir(gateway, { recursive: true });
  await copyTemplate(gatewayFolder, gateway, signal);
}

export async function fillInStack(folder: string, { name, portBase }: StackValues): Promise<void> {
  await edit(join(folder, STACK_FILE), (text) => editStackFile(text, { name, portBase }));
  await edit(join(folder, 'package.json'), (text) => renamePackage(text, name));
  await edit(join(folder, 'package-lock.json'), (text) => renameLock(text, name));
}

/** Writes down what stands in the folder now as what qbtc has laid there: `upgrade` goes by it. */
export async function recordLaid(folder: string, version: string, values: StackValues): Promise<void> {
  const { tree, ledger } = await laidIn(folder, version, values);
  await writeBase(folder, contentsIn(tree), ledger);
  await writeLedger(folder, ledger);
}

/** The files that were laid there, and what is written down of them. */
export async function laidIn(
  folder: string,
  version: string,
  { name, portBase }: StackValues,
): Promise<{ tree: Tree; ledger: Ledger }> {
  const { addons } = await readLedger(folder);
  const tree = filesOf(await lookAt(folder, await templateFiles(folder)));
  for (const path of [LEDGER_FILE, BASE_FILE]) tree.delete(path);
  const others = laidFiles({ addons });
  const core = [...tree].filter(([path]) => !others.has(path)).map(([path, { digest }]) => [path, digest]);
  return { tree, ledger: { template: { version, name, portBase, files: Object.fromEntries(core) }, addons } };
}

/** Rewrites a file; a template without it has nothing to rewrite. */
async function edit(file: string, change: (text: string) => string): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  await writeFile(file, change(text));
}
