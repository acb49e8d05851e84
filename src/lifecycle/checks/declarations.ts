import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readContracts } from '../../events/index.ts';
import { SCHEMA_FOLDER } from '../../events/read.ts';
import { loadFlows } from '../../flow/index.ts';
import { readMigrations } from '../../resources/index.ts';
import { desiredOf } from '../../topology/index.ts';
import type { Check } from '../check.ts';
import { collected } from '../collected.ts';

/** What is read in the course of a start, or by the first command after it. */
export const declarations: Check = async (_context, { stack, selection, applies }) => {
  if (!applies) return [];
  const contracts = await stat(join(stack.root, SCHEMA_FOLDER)).catch(() => undefined);
  const found = await Promise.all([
    collected(() => desiredOf(stack)),
    collected(() => loadFlows(stack)),
    ...(contracts === undefined ? [] : [collected(() => readContracts(stack))]),
    ...selection.resources.map(({ migrations = [] }) => collected(() => readMigrations(migrations))),
  ]);
  return found.flat();
};
