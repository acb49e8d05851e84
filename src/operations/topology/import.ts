import { resolve } from 'node:path';
import * as z from 'zod';
import { EXIT, QbtcError } from '../../errors.ts';
import { liveDefinitions } from '../../import/live-definitions.ts';
import { planTopologyImport } from '../../import/topology.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { readTextFile, unreadable } from '../../text-file.ts';
import { exitOf } from '../exit.ts';
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
      file === undefined
        ? await liveDefinitions(context, stack, vhost)
        : { shown: file, text: await textOf(resolve(context.cwd, file), file) };
    const { changes, losses, files, apply } = await planTopologyImport(stack, source, {
      ...(vhost === undefined ? {} : { vhost }),
      ...(into === undefined ? {} : { into: resolve(context.cwd, into) }),
    });
    if (!dryRun) await apply();
    return {
      document: {
        kind: 'imported',
        subject: 'topology',
        stack: stack.name,
        source: source.shown,
        isDone: !dryRun,
        changes,
        losses,
        files,
      },
      ...(dryRun
        ? {}
        : {
            exit: exitOf(
              changes.map(({ blocked }) => ({ status: blocked === undefined ? 'done' : 'failed' })),
            ),
          }),
    };
  },
});

async function textOf(path: string, shown: string): Promise<string> {
  try {
    return await readTextFile(path);
  } catch (error) {
    throw unreadable('IMPORT_UNREADABLE', shown, error);
  }
}
