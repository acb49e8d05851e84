import { readContractsIfAny } from '../../events/index.ts';
import { loadFlows } from '../../flow/index.ts';
import { readMigrations } from '../../resources/index.ts';
import { desiredOf } from '../../topology/index.ts';
import type { Check } from '../check.ts';
import { collected } from '../collected.ts';

/** What is read in the course of a start, or by the first command after it. */
export const declarations: Check = async (_context, { stack, selection, applies }) => {
  if (!applies) return [];
  const found = await Promise.all([
    collected(() => desiredOf(stack)),
    collected(() => loadFlows(stack)),
    collected(() => readContractsIfAny(stack)),
    ...selection.resources.map(({ migrations = [] }) => collected(() => readMigrations(migrations))),
  ]);
  return found.flat();
};
