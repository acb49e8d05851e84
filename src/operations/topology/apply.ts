import * as z from 'zod';
import { EXIT, QbtcError } from '../../errors.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { applyTopology, declaresTopology, planTopology } from '../../topology/index.ts';
import { exitOf } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'destroys',
  input: {
    dryRun: z.boolean().default(false),
    prune: z.boolean().default(false),
    drop: z.array(z.string()).default([]),
  },
  documents: ['plan', 'applied'],
  locks: ({ dryRun }) => !dryRun,
  async open(context, { drop, prune }) {
    if (drop.length === 0 || prune) return openStackHere(context);
    throw new QbtcError('DROP_WITHOUT_PRUNE', '--drop names queues that --prune may delete', {
      exit: EXIT.usage,
      hint: `add --prune to delete ${drop.join(', ')}, if the topology declares it no longer`,
    });
  },
  async run(context, stack, { dryRun, ...options }) {
    const undeclared = declaresTopology(stack) ? {} : { undeclared: true as const };
    const about = { subject: 'topology', stack: stack.name, ...undeclared };
    const planned = await planTopology(context, stack, options);
    const { changes, leftovers } = planned;
    if (dryRun) return { document: { kind: 'plan', ...about, changes, leftovers } };
    const { progress } = context.io;
    let ended = 0;
    const outcomes = await applyTopology(context, stack, planned, {
      onProgress: () => {
        ended += 1;
        progress.step('topology', `${ended} of ${changes.length}`);
      },
    });
    progress.stop();
    return { document: { kind: 'applied', ...about, outcomes, leftovers }, exit: exitOf(outcomes) };
  },
});
