import { join } from 'node:path';
import type { ScoreProfile } from '../model/score.ts';
import type { Stack } from '../model/stack.ts';
import { isRecord } from '../record.ts';
import { readTextFile } from '../text-file.ts';

/** Where `qbtc new` writes what its services are built on. */
const RUNTIME = 'packages/runtime';

/**
 * By which rules the stack is to be judged: as `qbtc.yaml` says; else `qbtc` where a service of it is built on the runtime
 * that `qbtc new` writes. It speaks the forms of that runtime then, and nobody else can be expected to.
 */
export async function observeProfile({
  root,
  services,
  score,
}: Pick<Stack, 'root' | 'services' | 'score'>): Promise<ScoreProfile> {
  if (score.profile !== undefined) return score.profile;
  const runtime = (await packageIn(join(root, RUNTIME))).name;
  if (typeof runtime !== 'string') return 'foreign';
  const packages = await Promise.all(services.map(({ path }) => packageIn(path)));
  const isBuiltOnIt = packages.some(
    ({ dependencies }) => isRecord(dependencies) && Object.hasOwn(dependencies, runtime),
  );
  return isBuiltOnIt ? 'qbtc' : 'foreign';
}

/** A `package.json`; empty where there is none that can be read. */
async function packageIn(folder: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readTextFile(join(folder, 'package.json')));
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
