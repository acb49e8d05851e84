import { chooseProcesses } from '../../lifecycle/named.ts';
import { openLogs } from '../../logs/index.ts';
import { operationOf } from '../operation.ts';
import { filterOf, LOGS } from './input.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { ...LOGS },
  documents: [],
  tells: 'logs',
  async run(context, stack, { names, lines, ...asked }, tell) {
    const chosen = chooseProcesses(stack, names);
    const logs = await openLogs(context, stack);
    const end = AbortSignal.any([context.interrupted, context.io.unread]);
    await logs.follow(chosen, lines, filterOf(asked), (line) => tell({ kind: 'logs', lines: [line] }), end);
    return {};
  },
});
