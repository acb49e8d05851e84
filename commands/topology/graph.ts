import type { Register } from '../command.ts';

export const graph: Register = (group, run) => {
  group
    .command('graph')
    .description('the topology as a Mermaid flowchart')
    .option('--json', 'print the result as JSON')
    .action(
      run(async (context) => {
        const [{ desiredOf, graphOf }, { openStackHere }] = await Promise.all([
          import('../../src/topology/index.ts'),
          import('../../src/lifecycle/open.ts'),
        ]);
        const stack = await openStackHere(context);
        const { topology } = await desiredOf(stack);
        const speakers = stack.services.flatMap(({ name, events }) =>
          events === undefined ? [] : [{ name, publishes: events.publishes, consumes: events.consumes }],
        );
        return {
          document: { kind: 'text', stack: stack.name, format: 'mermaid', text: graphOf(topology, speakers) },
        };
      }),
    );
};
