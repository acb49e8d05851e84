import * as z from 'zod';
import { migrate } from '../../lifecycle/migrate.ts';
import { MIGRATE_TIMEOUT } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: { queue: z.string(), timeout: numberIn(MIGRATE_TIMEOUT).default(MIGRATE_TIMEOUT.default) },
  documents: ['migrated'],
  async run(context, stack, { queue, timeout }) {
    const report = await migrate(context, stack, queue, timeout * 1000);
    return { document: { kind: 'migrated', stack: stack.name, ...report } };
  },
});
