import { IMPORT_FORMATS } from '../../src/model/import.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

interface Options {
  service?: string;
  into?: string;
  dryRun?: boolean;
}

export const importCommand: Register = (group, run) => {
  group
    .command('import')
    .description(OPERATIONS['routes import'].about)
    .addArgument(group.createArgument('<format>', 'what wrote the file').choices(IMPORT_FORMATS))
    .argument('<file>', 'YAML or JSON')
    .option('--service <name>', 'the service of the stack that an OpenAPI document describes')
    .option('--into <file>', 'the gateway file to add to (default: one in infrastructure/apisix_conf)')
    .option('--dry-run', 'print what would come, and write nothing')
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run(operate<Options>('routes import', (options, [format, file]) => ({ ...options, format, file }))),
    );
};
