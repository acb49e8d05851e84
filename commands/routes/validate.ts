import type { Register } from '../command.ts';

export const validate: Register = (group, run) => {
  group
    .command('validate')
    .description(
      'ask the gateway whether it would take what is declared; writes nothing; exit code 2 when not',
    )
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run(async (context) => {
        const [{ validateRoutes }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../../src/gateway/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const { checked, findings, notJudged } = await validateRoutes(context, stack);
        return {
          document: {
            kind: 'findings',
            subject: 'validate',
            about: 'the routes',
            stack: stack.name,
            checked,
            findings,
            notJudged,
          },
          exit: findings.length === 0 ? EXIT.done : EXIT.findings,
        };
      }),
    );
};
