import { resolve } from 'node:path';
import * as z from 'zod';
import { EXIT, QbtcError } from '../../errors.ts';
import { liveDefinitions } from '../../import/live-definitions.ts';
import { readSource } from '../../import/read-file.ts';
import { planTopologyImport } from '../../import/topology.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { desiredOf } from '../../topology/index.ts';
import { imported } from '../imported.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    file: z.string().exactOptional(),
    live: z.boolean().default(false),
    vhost: z.string().exactOptional(),
    into: z.string().exactOptional(),
    dryRun: z.boolean().default(false),
  },
  documents: ['imported'],
  locks: ({ dryRun }) => !dryRun,
  async open(context, { file, live }) {
    if ((file === undefined) === live) return openStackHere(context);
    throw new QbtcError(
      'IMPORT_SOURCE',
      live ? 'a file and --live are two sources' : 'nothing to import from',
      {
        exit: EXIT.usage,
        hint: 'name a definitions.json, or --live for the broker of the stack',
      },
    );
  },
  async run(context, stack, { file, vhost, into, dryRun }) {
    const source =
      file === undefined ? await liveDefinitions(context, stack, vhost) : await readSource(context.cwd, file);
    const plan = await planTopologyImport(stack, source, {
      ...(vhost === undefined ? {} : { vhost }),
      ...(into === undefined ? {} : { into: resolve(context.cwd, into) }),
    });
    return imported(
      plan,
      { subject: 'topology', stack: stack.name, source: source.shown, dryRun },
      async () => desiredOf(await openStackHere(context, { readOnly: true })),
    );
  },
});
