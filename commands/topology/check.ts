import type { Register } from '../command.ts';

interface Options {
  strict: boolean;
}

export const check: Register = (group, run) => {
  group
    .command('check')
    .description('what the topology allows and its owner will regret; needs no broker')
    .option('--strict', 'exit code 2 for warnings, too', false)
    .option('--json', 'print the result as JSON')
    .option('--github', 'print annotations for GitHub Actions')
    .action(
      run<Options>(async (context, { strict }) => {
        const [{ checkTopology, desiredOf }, { openStackHere }, { EXIT }] = await Promise.all([
          import('../../src/topology/index.ts'),
          import('../../src/lifecycle/open.ts'),
          import('../../src/errors.ts'),
        ]);
        const stack = await openStackHere(context);
        const { topology } = await desiredOf(stack);
        const findings = checkTopology(topology, stack);
        const fails = findings.some(({ severity }) => strict || severity === 'error');
        const checked = topology.exchanges.length + topology.queues.length + topology.bindings.length;
        return {
          document: {
            kind: 'findings',
            subject: 'check',
            about: 'the topology',
            stack: stack.name,
            findings,
            checked,
          },
          exit: fails ? EXIT.findings : EXIT.done,
        };
      }),
    );
};
