import type { Register } from '../command.ts';

export const list: Register = (group, run) => {
  group
    .command('list')
    .description('the experiments of the stack, the faults that it can have, and those that it has')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context) => {
        const [{ FAULTS, loadExperiments, readJournal }, { FAULT_KIND_NAMES }, { openStackHere }] =
          await Promise.all([
            import('../../src/chaos/index.ts'),
            import('../../src/model/chaos.ts'),
            import('../../src/lifecycle/open.ts'),
          ]);
        const stack = await openStackHere(context);
        const [experiments, injected, kinds] = await Promise.all([
          loadExperiments(stack),
          readJournal(stack.root),
          Promise.all(
            FAULT_KIND_NAMES.map(async (kind) => ({
              kind,
              about: FAULTS[kind].about,
              subjects: await FAULTS[kind].subjects(stack),
            })),
          ),
        ]);
        return {
          document: {
            kind: 'chaos',
            stack: stack.name,
            allowed: stack.chaos.allowed,
            experiments: experiments.map(({ name, description }) => ({ name, description })),
            faults: kinds,
            injected: injected.map(({ name, at }) => ({ name, at })),
          },
        };
      }),
    );
};
