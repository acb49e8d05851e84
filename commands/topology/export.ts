import { TOPOLOGY_FORMATS, type TopologyFormat } from '../../src/model/topology.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operateOut } from '../operate-out.ts';

interface Options {
  format?: TopologyFormat;
  out?: string;
  force?: boolean;
}

/** RabbitMQ loads JSON alone. */
const formatOf = ({ format, out }: Options): TopologyFormat | undefined =>
  format ?? (out?.endsWith('.json') === true ? 'definitions' : undefined);

export const exportCommand: Register = (group, run) => {
  group
    .command('export')
    .description(OPERATIONS['topology export'].about)
    .addOption(
      group
        .createOption('--format <format>', 'how it is written (default: yaml; definitions for a .json)')
        .choices(TOPOLOGY_FORMATS),
    )
    .option('--out <file>', 'write it there (mode 0600) instead of printing it')
    .option('--force', 'replace the file when it is there')
    .option('--json', 'print the result as JSON')
    .action(run(operateOut<Options>('topology export', (options) => ({ format: formatOf(options) }))));
};
