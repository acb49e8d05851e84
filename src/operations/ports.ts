import { portsOf } from '../lifecycle/ports.ts';
import { readChoices } from '../state/index.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {},
  documents: ['ports'],
  async run({ host }, stack) {
    const [sockets, plan] = await Promise.all([host.listeningSockets(), readChoices(stack.root)]);
    const adopted = stack.resources
      .filter(({ provider }) => provider === 'external')
      .map(({ name, endpoint }) => ({ name, role: 'main', port: endpoint.port }));
    const ports = [...portsOf(stack), ...adopted].map((use) => {
      const socket = sockets.find(({ port }) => port === use.port);
      return {
        ...use,
        provider: plan?.choices.find(({ resource }) => resource === use.name)?.provider ?? null,
        listener: socket === undefined ? null : { program: socket.program ?? null, pid: socket.pid ?? null },
      };
    });
    const { name, portBase, portBaseFrom = 'qbtc.yaml' } = stack;
    return { document: { kind: 'ports', stack: name, portBase, portBaseFrom, ports } };
  },
});
