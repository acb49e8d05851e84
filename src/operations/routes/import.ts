import { resolve } from 'node:path';
import * as z from 'zod';
import { desiredGateway } from '../../gateway/index.ts';
import { carryOutImport } from '../../import/plan.ts';
import { readSource } from '../../import/read-file.ts';
import { readRoutes } from '../../import/read-routes.ts';
import { planRouteImport } from '../../import/routes.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { IMPORT_FORMATS } from '../../model/import.ts';
import { exitOf } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    format: z.enum(IMPORT_FORMATS),
    file: z.string(),
    into: z.string().exactOptional(),
    dryRun: z.boolean().default(false),
  },
  documents: ['imported'],
  locks: ({ dryRun }) => !dryRun,
  async run(context, stack, { format, file, into, dryRun }) {
    const imported = await readRoutes(format, await readSource(context.cwd, file));
    const plan = await planRouteImport(stack, imported, {
      source: file,
      env: context.env,
      cwd: context.cwd,
      ...(into === undefined ? {} : { into: resolve(context.cwd, into) }),
    });
    const { changes, losses, files } = plan;
    const read = async () => desiredGateway(await openStackHere(context, { readOnly: true }));
    if (!dryRun) await carryOutImport(plan, read);
    const outcomes = changes.map(({ blocked }) => ({
      status: blocked === undefined ? ('done' as const) : ('failed' as const),
    }));
    return {
      document: {
        kind: 'imported',
        subject: 'routes',
        stack: stack.name,
        source: file,
        isDone: !dryRun,
        changes,
        losses,
        files,
      },
      ...(dryRun ? {} : { exit: exitOf(outcomes) }),
    };
  },
});
