import * as z from 'zod';
import { destinationsOf, readContractsIfAny } from '../../events/index.ts';
import { checkContracts, checkTopology, desiredOf } from '../../topology/index.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { strict: z.boolean().default(false) },
  documents: ['findings'],
  async run(_, stack, { strict }) {
    const { topology } = await desiredOf(stack);
    const contracts = destinationsOf(await readContractsIfAny(stack), stack.root);
    const findings = [...checkTopology(topology, stack), ...checkContracts(contracts, topology, stack)];
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
      exit: exitFor(findings.some(({ severity }) => strict || severity === 'error')),
    };
  },
});
