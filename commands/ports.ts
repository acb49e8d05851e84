import type { Register } from './command.ts';

export const ports: Register = (program, run) => {
  program
    .command('ports')
    .description('every port of the stack, whose it is, and who listens on it now')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context) => {
        const [{ openStackHere }, { portsOf }, { readChoices }] = await Promise.all([
          import('../src/lifecycle/open.ts'),
          import('./port-uses.ts'),
          import('../src/state/index.ts'),
        ]);
        const stack = await openStackHere(context);
        const [sockets, plan] = await Promise.all([context.host.listeningSockets(), readChoices(stack.root)]);
        const providerOf = (name: string) =>
          plan?.choices.find(({ resource }) => resource === name)?.provider ?? null;
        const adopted = stack.resources
          .filter(({ provider }) => provider === 'external')
          .map(({ name, endpoint }) => ({ name, role: 'main', port: endpoint.port }));
        const uses = [...portsOf(stack), ...adopted].map((use) => {
          const socket = sockets.find(({ port }) => port === use.port);
          const listener =
            socket === undefined ? null : { program: socket.program ?? null, pid: socket.pid ?? null };
          return { ...use, provider: providerOf(use.name), listener };
        });
        const { name, portBase, portBaseFrom = 'qbtc.yaml' } = stack;
        return { document: { kind: 'ports', stack: name, portBase, portBaseFrom, ports: uses } };
      }),
    );
};
