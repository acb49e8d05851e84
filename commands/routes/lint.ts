import type { Register } from '../command.ts';

interface Options {
  strict: boolean;
}

export const lint: Register = (group, run) => {
  group
    .command('lint')
    .description('look for mistakes in what is declared, without a gateway; exit code 2 for an error')
    .option('--strict', 'exit code 2 for a warning, too', false)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, { strict }) => {
        const [{ lintRoutes }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../../src/gateway/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context, { readOnly: true });
        const findings = await lintRoutes(context, stack);
        const bad = findings.some(({ severity }) => strict || severity === 'error');
        return {
          document: { kind: 'findings', subject: 'lint', about: 'the routes', stack: stack.name, findings },
          exit: bad ? EXIT.findings : EXIT.done,
        };
      }),
    );
};
