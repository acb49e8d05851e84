import { TOPOLOGY_FORMATS, type TopologyFormat } from '../../src/model/topology.ts';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

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
    .action(
      run<Options>(async (context, options) => {
        const { document } = await operate('topology export', () => ({ format: formatOf(options) }))(
          context,
          {},
          [],
        );
        const { out, force = false } = options;
        if (out === undefined || document?.kind !== 'text') return { ...(document && { document }) };
        const { writeOut } = await import('../write-out.ts');
        return { document: { ...document, file: await writeOut(context.cwd, out, document.text, force) } };
      }),
    );
};
