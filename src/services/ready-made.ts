import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { ABSENT, digestOf, type Inputs } from './bundle-inputs.ts';
import { RECIPE } from './bundling.ts';

// Bundles of the template's programs, which the build of qbtc makes: a stack whose files and packages are those of the
// template needs no esbuild. Each stands in a folder that is called as its entry: `services/llm-api/src/main.ts/`.

const manifestSchema = z.object({
  /** How it was bundled. */
  recipe: z.string(),
  /** The version of esbuild that has made it: with another one the build makes it anew. */
  esbuild: z.string(),
  digest: z.string(),
  keepsCode: z.boolean(),
  /** A digest of each file that it was made of, by its path in a stack; `absent` where a file would make a difference. */
  files: z.record(z.string(), z.string()),
  /** Packages that it does without: one that has them installed gets another bundle. */
  missing: z.array(z.string()),
  /** The stack's own packages: where they are found, and where they stand. */
  links: z.record(z.string(), z.string()),
});
export type ReadyMadeManifest = z.output<typeof manifestSchema>;

export interface ReadyMade {
  /** The bundle; its map stands beside it. It does not name its map. */
  bundle: string;
  digest: string;
  keepsCode: boolean;
  inputs: string[];
}

export const MANIFEST = 'manifest.json';
export const BUNDLE = 'bundle.cjs';
/** The program that runs a bundle with its code cache. */
export const PRELOAD = 'code-cache.cjs';
const ROOT_MANIFEST = 'package.json';
/** What esbuild reads of a manifest; all else of that of a stack is its own, as its name is. */
const READ_BY_ESBUILD = ['type', 'main', 'module', 'browser', 'exports', 'imports', 'sideEffects'];

/** Where the build puts them. */
export function readyMadeFolder({ installation }: Pick<Context, 'installation'>): string {
  return join(installation.root, 'dist', 'bundles');
}

/**
 * The ready-made bundle of an entry, where bundling what the stack has would make the same.
 *
 * @param entry relative to the root of the stack
 */
export function findReadyMade(
  folder: string,
  root: string,
  entry: string,
  inputs: Inputs,
): ReadyMade | undefined {
  const name = entry.split(sep);
  if (name.includes('..')) return undefined;
  const place = join(folder, ...name);
  const manifest = parseManifest(place);
  try {
    if (manifest?.recipe !== RECIPE || !isMadeOf(root, manifest, inputs)) return undefined;
    const { digest, keepsCode, files } = manifest;
    return { bundle: join(place, BUNDLE), digest, keepsCode, inputs: Object.keys(files) };
  } catch {
    // Something cannot be read: esbuild tells what is wrong.
    return undefined;
  }
}

/** `undefined` where there is none, or one that is damaged. */
export function parseManifest(place: string): ReadyMadeManifest | undefined {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(place, MANIFEST), 'utf8')));
  } catch {
    return undefined;
  }
}

function isMadeOf(root: string, { files, links, missing }: ReadyMadeManifest, inputs: Inputs): boolean {
  return (
    missing.every((name) => !installs(root, name, inputs)) &&
    Object.entries(files).every(([path, digest]) => inputDigest(path, join(root, path), inputs) === digest) &&
    Object.entries(links).every(
      ([link, path]) => realpathSync(join(root, link)) === realpathSync(join(root, path)),
    ) &&
    isOneFolder(root, Object.keys(files))
  );
}

/** What others have installed beside it (a link to a checkout leads to more) is told by the lock file. */
function installs(root: string, name: string, inputs: Inputs): boolean {
  const lock = inputs.document(join(root, 'package-lock.json')) as
    | { packages?: Record<string, unknown> }
    | undefined;
  if (lock === undefined) return existsSync(join(root, 'node_modules', name));
  return `node_modules/${name}` in (lock.packages ?? {});
}

/** What of a file makes a difference to a bundle. */
export function inputDigest(path: string, file: string, inputs: Inputs): string {
  const digest = inputs.digest(file);
  if (path !== ROOT_MANIFEST || digest === ABSENT) return digest;
  const manifest = inputs.document(file) as Record<string, unknown>;
  return digestOf(JSON.stringify(READ_BY_ESBUILD.map((key) => manifest[key] ?? null)));
}

/** A package that is a link elsewhere finds there what it needs: then all packages must be from there. */
function isOneFolder(root: string, files: readonly string[]): boolean {
  const packages = new Set(
    files.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^@/][^/]*)\//.exec(path)?.[1] ?? []),
  );
  const homes = new Set(
    [...packages].map((name) => {
      const place = realpathSync(join(root, 'node_modules', name));
      return place.slice(0, place.length - name.length);
    }),
  );
  return homes.size <= 1;
}
