import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { listed, nearest } from '../config/mistake.ts';
import { EXIT, QbtcError } from '../errors.ts';
import { readTextFile } from '../text-file.ts';
import { templateFiles } from './copy.ts';

/** A part that a stack may have or not: a folder with the layout of the stack, which is laid over it. */
export interface Addon {
  name: string;
  description: string;
  folder: string;
}

/** What stands in an add-on's folder for qbtc alone: it is read, and not copied. */
export const ADDON_FILES = { about: 'addon.json', lock: 'package-lock.json' } as const;

const about = z.strictObject({ description: z.string() });

/** The add-ons of this qbtc, by name. */
export async function listAddons(installationRoot: string): Promise<Addon[]> {
  const parent = join(installationRoot, 'templates', 'addons');
  const names = (await readdir(parent)).filter((name) => !name.includes('.')).sort();
  return await Promise.all(
    names.map(async (name) => {
      const folder = join(parent, name);
      const text = await readTextFile(join(folder, ADDON_FILES.about));
      return { name, folder, ...about.parse(JSON.parse(text)) };
    }),
  );
}

/**
 * The add-ons that are meant: `all`, `none`, or names between commas.
 * @throws QbtcError ADDON_UNKNOWN with the nearest name
 */
export function chooseAddons(addons: readonly Addon[], wanted: string): Addon[] {
  if (wanted === 'all') return [...addons];
  if (wanted === 'none' || wanted === '') return [];
  return [...new Set(wanted.split(',').map((name) => addonNamed(addons, name.trim())))];
}

/** @throws QbtcError ADDON_UNKNOWN with the nearest name */
export function addonNamed(addons: readonly Addon[], name: string): Addon {
  const found = addons.find((addon) => addon.name === name);
  if (found !== undefined) return found;
  const names = addons.map((addon) => addon.name);
  const near = nearest(name, names);
  throw new QbtcError('ADDON_UNKNOWN', `there is no add-on "${name}"`, {
    exit: EXIT.usage,
    hint: near === undefined ? `expected ${listed(names)}` : `did you mean "${near}"?`,
  });
}

/** The files that the add-on brings, as paths in the stack. */
export async function filesOfAddon({ folder }: Addon): Promise<string[]> {
  const own = new Set<string>(Object.values(ADDON_FILES));
  return (await templateFiles(folder)).filter((file) => !own.has(file));
}
