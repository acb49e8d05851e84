import { Option } from 'commander';
import { FLOW_REPEATS, PARALLEL_FLOWS } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';

export const test: Register = (program, run) => {
  program
    .command('test')
    .description(OPERATIONS.test.about)
    .option('--only <flow>', 'only the flow of this name')
    .option('--tag <tag>', 'only flows with this tag')
    .option('--disruptive', 'also flows that stop or restart parts of the stack, each alone')
    .option('--repeat <count>', 'run each flow so often', number(FLOW_REPEATS), FLOW_REPEATS.default)
    .option('--bail', 'start no further flow after one has failed')
    .option(
      '--parallel <count>',
      'how many flows run at the same time; as the cores allow when left out',
      number(PARALLEL_FLOWS),
    )
    .option('--hops', 'print the hops of the flows that have passed, too')
    .option('--curl', 'print the requests of a failed flow as commands')
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
