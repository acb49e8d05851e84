import { DEAD_LETTERS, RATE } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';

export const replay: Register = (group, run) => {
  group
    .command('replay')
    .description(OPERATIONS['events replay'].about)
    .option('--from <queue>', 'the queue of the dead letters', 'q_dead_letters')
    .option('--type <event>', 'only events of this type')
    .option('--key <routing key>', 'only those that came by this routing key')
    .option('--correlation <id>', 'only those with this correlation id')
    .option('--id <id>', 'only the one with this event id')
    .option('--reason <text>', 'only those whose reason holds this text')
    .option('--limit <count>', 'how many are looked at', number(DEAD_LETTERS), DEAD_LETTERS.default)
    .option('--rate <count>', 'at most so many a second', number(RATE), RATE.default)
    .option('--dry-run', 'say what would be put back, and change nothing')
    .option('--json', 'print the result as JSON')
    .action(run(operate('events replay')));
};
