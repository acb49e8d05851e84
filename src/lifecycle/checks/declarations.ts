import { contractTexts } from '../../events/texts.ts';
import { readMigrations } from '../../resources/index.ts';
import { readTextFile } from '../../text-file.ts';
import { desiredOf } from '../../topology/index.ts';
import type { Check } from '../check.ts';
import { collected } from '../collected.ts';
import { unlessSound } from '../sound.ts';

/** What is read in the course of a start, or by the first command after it. */
export const declarations: Check = async ({ installation }, intent) => {
  const { stack, selection, applies } = intent;
  if (!applies) return [];
  // The bundle of this file is named by its content, and by that of all that it loads.
  const code = [installation.version, import.meta.url];
  const found = await Promise.all([
    collected(() => desiredOf(stack)),
    unlessSound(
      intent,
      'flows',
      async () => [
        ...code,
        // What a flow may name.
        JSON.stringify(stack),
        ...(await Promise.all(stack.flowFiles.map((file) => readTextFile(file)))),
      ],
      async () => {
        const { loadFlows } = await import('../../flow/index.ts');
        return collected(() => loadFlows(stack));
      },
    ),
    unlessSound(
      intent,
      'contracts',
      async () => {
        const folders = await Promise.all(stack.contractFolders.map(contractTexts));
        return [...code, ...folders.flat().flatMap(({ file, text }) => [file, text])];
      },
      async () => {
        const { readContractsIfAny } = await import('../../events/index.ts');
        return collected(() => readContractsIfAny(stack));
      },
    ),
    ...selection.resources.map(({ migrations = [] }) => collected(() => readMigrations(migrations))),
  ]);
  return found.flat();
};
