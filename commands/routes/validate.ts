import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

export const validate: Register = (group, run) => {
  group
    .command('validate')
    .description(
      'ask the gateway whether it would take what is declared; writes nothing; exit code 2 when not',
    )
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(run(operate('routes validate')));
};
