import type { StackCommand } from '../model/stack.ts';
import { findStackFile, readStackDocument } from './load.ts';
import { outlineOf } from './outline.ts';

/** What help and completion show of a command of the stack. */
export type CommandOutline = Pick<StackCommand, 'name' | 'description' | 'subcommands'>;

/**
 * The commands that the stack at or above the folder adds, read leniently: help and completion work with a broken file,
 * and without one there are none.
 */
export async function readCommands(cwd: string): Promise<CommandOutline[]> {
  const document = await findStackFile(cwd)
    .then((file) => readStackDocument({ file }))
    .catch(() => undefined);
  if (document === undefined) return [];
  return Object.entries(outlineOf(document.data).commands).map(
    ([name, { description = '', subcommands = {} }]) => ({ name, description, subcommands }),
  );
}
