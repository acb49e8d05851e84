import * as z from 'zod';
import { migrate } from '../../lifecycle/migrate.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  about: 'give a queue the declared type and arguments, without losing a message or the order',
  effect: 'changes',
  input: z.object({ queue: z.string(), timeout: z.number().min(1).max(3600).default(120) }),
  documents: ['migrated'],
  async run(context, stack, { queue, timeout }) {
    const report = await migrate(context, stack, queue, timeout * 1000);
    return { document: { kind: 'migrated', stack: stack.name, ...report } };
  },
});
