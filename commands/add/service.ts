import { Option } from 'commander';
import { QbtcError } from '../../src/errors.ts';
import { SERVICE_KINDS, SERVICE_LANGUAGES } from '../../src/model/new-service.ts';
import { PORT } from '../../src/operations/bounds.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';
import { number } from '../options/number.ts';

interface Options {
  kind: string;
  language?: string;
  port?: number;
  yes?: boolean;
  dryRun?: boolean;
  install: boolean;
}

export const service: Register = (group, run) => {
  group
    .command('service')
    .argument('<name>', 'its name')
    .description(OPERATIONS['add service'].about)
    .addOption(
      new Option(
        '--kind <kind>',
        'http: answers requests; consumer: works on what it hears at the broker; worker: works by itself',
      )
        .choices(SERVICE_KINDS)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--language <language>', 'default: that of most services of the stack').choices(
        SERVICE_LANGUAGES,
      ),
    )
    .option('--port <port>', 'without the port base; default: the next that is free', number(PORT))
    .option('-y, --yes', 'ask nothing')
    .option('--dry-run', 'print what would be written, and write nothing')
    .option('--no-install', 'do not install the packages')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, options, args) => {
        const [name = ''] = args;
        const asks = context.io.interactive && !options.yes && !options.dryRun;
        if (
          asks &&
          !(await context.prompts.confirm(`Add a service ${name} to this stack?`, { default: true }))
        )
          throw new QbtcError('NOT_CONFIRMED', 'nothing was changed');
        const work = operate<Options>('add service', ({ yes, ...input }) => ({ ...input, name }));
        return await work(context, options, args);
      }),
    );
};
