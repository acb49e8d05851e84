import { chooseProcesses } from '../../lifecycle/named.ts';
import { openLogs } from '../../logs/index.ts';
import { operationOf } from '../operation.ts';
import { filterOf, LOGS } from './input.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { ...LOGS },
  documents: ['logs'],
  async run(context, stack, { names, lines, ...asked }) {
    const logs = await openLogs(context, stack);
    const found = await logs.read(chooseProcesses(stack, names), lines, filterOf(asked));
    return { document: { kind: 'logs', lines: found } };
  },
});
