import type { Register } from '../command.ts';
import { integer, number } from '../numbers.ts';

interface Options {
  from: string;
  type?: string;
  key?: string;
  correlation?: string;
  id?: string;
  reason?: string;
  limit: number;
  rate: number;
  dryRun: boolean;
}

const MAX_LETTERS = 60_000;

export const replay: Register = (group, run) => {
  group
    .command('replay')
    .description('put dead letters back where they came from')
    .option('--from <queue>', 'the queue of the dead letters', 'q_dead_letters')
    .option('--type <event>', 'only events of this type')
    .option('--key <routing key>', 'only those that came by this routing key')
    .option('--correlation <id>', 'only those with this correlation id')
    .option('--id <id>', 'only the one with this event id')
    .option('--reason <text>', 'only those whose reason holds this text')
    .option('--limit <count>', 'how many are looked at', integer(1, MAX_LETTERS), 1000)
    .option('--rate <count>', 'at most so many a second', number(0.01, 100_000), 50)
    .option('--dry-run', 'say what would be put back, and change nothing', false)
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { from, type, key, correlation, id, reason, limit, rate, dryRun }) => {
        const [{ replayDeadLetters }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../../src/events/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const { progress } = context.io;
        let replayed = 0;
        const letters = await replayDeadLetters(context, stack, {
          from,
          limit,
          rate,
          dryRun,
          ...(type === undefined ? {} : { type }),
          ...(key === undefined ? {} : { routingKey: key }),
          ...(correlation === undefined ? {} : { correlationId: correlation }),
          ...(id === undefined ? {} : { id }),
          ...(reason === undefined ? {} : { reason }),
          onReplayed: () => {
            replayed += 1;
            if (replayed % 100 === 0) progress.step(from, `${replayed} put back`);
          },
        });
        progress.stop();
        const failed = letters.filter(({ status }) => status === 'failed').length;
        return {
          document: { kind: 'replayed', stack: stack.name, from, letters },
          exit: failed === 0 ? EXIT.done : replayed > failed ? EXIT.partial : EXIT.error,
        };
      }),
    );
};
