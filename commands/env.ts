import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';

interface Options {
  out?: string;
  force?: boolean;
  showSecrets?: boolean;
  json?: boolean;
}

export const env: Register = (program, run) => {
  program
    .command('env')
    .argument('<service>', 'a service, or one of its replicas')
    .description(OPERATIONS.env.about)
    .option('--out <file>', 'write it there (mode 0600) instead of printing it')
    .option('--force', 'replace the file when it is there')
    .option('--show-secrets', 'with the values of secrets, which are masked or left out otherwise')
    .option('--json', 'print the result as JSON')
    .action(
      run<Options>(async (context, { out, force = false, showSecrets = false, json = false }, args) => {
        const { document } = await operate('env', (_, [name]) => ({ name }))(context, {}, args);
        if (document?.kind !== 'environment') return {};
        if (out === undefined && !showSecrets) return { document };
        const [{ formatEnv }, given] = await Promise.all([
          import('../src/config/dotenv.ts'),
          showSecrets ? withSecrets(context, document.instance) : document.variables,
        ]);
        if (out === undefined) {
          // A report would be masked.
          context.io.reveal(
            json
              ? JSON.stringify({ ...document, kind: undefined, text: undefined, variables: given }, null, 2)
              : formatEnv(given).trimEnd(),
          );
          return {};
        }
        const { writeOut } = await import('./write-out.ts');
        const left = showSecrets ? [] : document.secrets;
        const kept = Object.fromEntries(Object.entries(given).filter(([name]) => !left.includes(name)));
        const text = `${left.map((name) => `# ${name} holds a secret: --show-secrets writes it\n`).join('')}${formatEnv(kept)}`;
        return {
          document: { ...document, secrets: left, file: await writeOut(context.cwd, out, text, force) },
        };
      }),
    );
};

async function withSecrets(context: Parameters<ReturnType<typeof operate>>[0], name: string) {
  const [{ openStackHere }, { environmentFor }] = await Promise.all([
    import('../src/lifecycle/open.ts'),
    import('../src/lifecycle/environment.ts'),
  ]);
  return (await environmentFor(await openStackHere(context), name)).variables;
}
