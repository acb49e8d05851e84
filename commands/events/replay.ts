import type { Register } from '../command.ts';
import { integer, number } from '../numbers.ts';
import { operate } from '../operate.ts';

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
    .action(run(operate('events replay')));
};
