import type { Register } from '../command.ts';

/** Started by `run`: reads stdin until it closes, and undoes everything unless it was told that there is nothing. */
export const guard: Register = (group, run) => {
  group.command('guard', { hidden: true }).action(
    run(async (context) => {
      const [{ undo, wasDismissed }, { openStackHere }] = await Promise.all([
        import('../../src/chaos/index.ts'),
        import('../../src/lifecycle/open.ts'),
      ]);
      if (await wasDismissed(process.stdin)) return {};
      await undo(context, await openStackHere(context), []);
      return {};
    }),
  );
};
