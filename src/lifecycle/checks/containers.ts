import { containedParts, openDriver, readComposeFile } from '../../runtimes/containers/index.ts';
import type { Check } from '../check.ts';
import { collected } from '../collected.ts';
import { writeComposeFiles } from '../compose-files.ts';

/** The services of the compose file that are needed: mistakes in them, and what cannot be carried out. */
export const containers: Check = async (context, { stack, selection, plan, mayWrite }) => {
  const names = new Set([...selection.resources, ...selection.services].map(({ name }) => name));
  const inDocker = [...containedParts(plan)].filter((name) => names.has(name));
  if (inDocker.length === 0) return [];
  return collected(async () => {
    // It is filled in with files that a dry run does not write: before the first `up` it can only be read.
    if (mayWrite) await writeComposeFiles(context, stack);
    else if (!(await isFilledIn(stack))) return void (await readComposeFile(stack));
    await (await openDriver(context, stack)).check(inDocker);
  });
};

async function isFilledIn(stack: Parameters<typeof readComposeFile>[0]): Promise<boolean> {
  const { stat } = await import('node:fs/promises');
  const file = await readComposeFile(stack);
  return file !== undefined && (await stat(file.values).catch(() => undefined)) !== undefined;
}
