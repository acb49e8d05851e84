import { relative } from 'node:path';
import type { Register } from '../command.ts';

interface Options {
  against: string;
  compatibility: 'full' | 'backward' | 'forward';
}

export const diff: Register = (group, run) => {
  group
    .command('diff')
    .description('what has changed in the contracts; exit code 2 when somebody can no longer read somebody')
    .option('--against <ref>', 'a commit, branch or tag, or a folder with schemas', 'HEAD')
    .addOption(
      group
        .createOption(
          '--compatibility <kind>',
          'backward: who has the new contracts reads old events; forward: who has the old ones reads new events',
        )
        .choices(['full', 'backward', 'forward'])
        .default('full'),
    )
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, { against, compatibility }) => {
        const [{ diffContracts, readContracts, readContractsOf }, { openStackHere }, { EXIT }] =
          await Promise.all([
            import('../../src/events/index.ts'),
            import('../../src/lifecycle/open.ts'),
            import('../../src/errors.ts'),
          ]);
        const stack = await openStackHere(context);
        const [before, after] = await Promise.all([
          readContractsOf(context, stack, against),
          readContracts(stack),
        ]);
        const changes = diffContracts(before, after);
        const files = new Map(after.map(({ name, file }) => [name, relative(context.cwd, file)]));
        const placed = (change: (typeof changes)[number]) => {
          const file = files.get(change.event);
          return { ...change, ...(file === undefined ? {} : { file }) };
        };
        const counts = changes.some(({ breaks }) =>
          breaks.some((each) => compatibility === 'full' || each === compatibility),
        );
        return {
          document: { kind: 'contract-diff', stack: stack.name, against, changes: changes.map(placed) },
          exit: counts ? EXIT.findings : EXIT.done,
        };
      }),
    );
};
