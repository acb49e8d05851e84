import { isAbsolute, relative } from 'node:path';
import type { Loss, WrittenFile } from '../model/import.ts';
import type { Change } from '../model/plan.ts';
import type { YamlFile } from './yaml-file.ts';

/** What an import will do, and what of it cannot be done. */
export interface ImportPlan {
  changes: Change[];
  losses: Loss[];
  /** The files that are written when it is carried out. */
  files: WrittenFile[];
  /** Writes the files. What is `blocked` is left out. */
  apply(): Promise<void>;
  /** Puts back what `apply` has written, the whole of it or the part that it came to. */
  undo(): Promise<void>;
}

/**
 * Carries out a plan, and takes it back when not all of it can be written, or the stack cannot be read any more with it.
 * @throws QbtcError `IMPORT_TARGET`; those of `read`
 */
export async function carryOutImport(plan: ImportPlan, read: () => Promise<unknown>): Promise<void> {
  try {
    await plan.apply();
    await read();
  } catch (error) {
    await plan.undo();
    throw error;
  }
}

/** The path as people write it: from the stack, where it stands in there. */
export function shownIn(root: string, file: string): string {
  const path = relative(root, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}

/** The files in the order in which they are to be there: what is referred to first, the file of the stack last. */
export function saving(
  root: string,
  files: readonly YamlFile[],
): Pick<ImportPlan, 'files' | 'apply' | 'undo'> {
  const saved: YamlFile[] = [];
  return {
    files: files.map(({ file, isNew }) => ({ file: shownIn(root, file), isNew })),
    async apply() {
      for (const file of files) {
        await file.save();
        saved.push(file);
      }
    },
    async undo() {
      // From the end, so that no file names one that is gone.
      for (const file of saved.splice(0).reverse()) await file.restore();
    },
  };
}
