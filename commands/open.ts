import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

const PATIENCE_MS = 5_000;

export const open: Register = (program, run) => {
  program
    .command('open')
    .argument('<name>', 'the gateway, a broker, a service, or one of its replicas')
    .description(OPERATIONS.open.about)
    .option('--json', 'print the result as JSON')
    .action(
      run<{ json?: boolean }>(async (context, options, args) => {
        const { document } = await operate('open', (_, [name]) => ({ name }))(context, {}, args);
        if (document?.kind !== 'address') return {};
        const { openerFor } = await import('../src/lifecycle/opener.ts');
        const { io, env, exec } = context;
        const asks = io.interactive && options.json !== true;
        const opener = asks ? openerFor(process.platform, env, document.url) : undefined;
        if (opener === undefined) return { document };
        const [opening, ...words] = opener;
        const { exitCode } = await exec(opening, words, { timeoutMs: PATIENCE_MS });
        return { document: { ...document, opened: exitCode === 0 } };
      }),
    );
};
