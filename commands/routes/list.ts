import type { Register } from '../command.ts';

export const list: Register = (group, run) => {
  group
    .command('list')
    .description('the routes of the gateway: where they lead, whose they are, what runs on them')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context) => {
        const [{ listRoutes }, { openStackHere }] = await Promise.all([
          import('../../src/gateway/index.ts'),
          import('../../src/lifecycle/open.ts'),
        ]);
        const stack = await openStackHere(context);
        const routes = await listRoutes(context, stack);
        return { document: { kind: 'routes', stack: stack.name, routes } };
      }),
    );
};
