import { Option } from 'commander';
import type { Register } from './command.ts';
import { integer } from './numbers.ts';
import { operate } from './operate.ts';

export const test: Register = (program, run) => {
  program
    .command('test')
    .description('run the flows: one correlation id followed through HTTP, AMQP and SQL')
    .option('--only <flow>', 'only the flow of this name')
    .option('--tag <tag>', 'only flows with this tag')
    .option('--disruptive', 'also flows that stop or restart parts of the stack, each alone', false)
    .option('--repeat <count>', 'run each flow so often', integer(1, 10_000), 1)
    .option('--bail', 'start no further flow after one has failed', false)
    .option(
      '--parallel <count>',
      'how many flows run at the same time; as the cores allow when left out',
      integer(1, 64),
    )
    .option('--hops', 'print the hops of the flows that have passed, too', false)
    .option('--curl', 'print the requests of a failed flow as commands', false)
    .addOption(
      new Option('--reporter <name>', 'how the result is printed').choices([
        'terminal',
        'json',
        'junit',
        'html',
      ]),
    )
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('test')));
};
