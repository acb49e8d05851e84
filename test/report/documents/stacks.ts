import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'stacks'> = {
  kind: 'stacks',
  stacks: [
    {
      name: 'acme',
      root: '/home/ada/acme',
      present: true,
      here: true,
      supervisor: { pid: 4711 },
      parts: [
        { name: 'broker', runs: 'process', pid: 4712, ports: [5672, 15_672] },
        { name: 'llm-api', runs: 'container', ports: [8000] },
      ],
    },
    {
      name: 'old',
      root: '/tmp/old',
      present: false,
      here: false,
      supervisor: undefined,
      parts: [{ name: 'cache', runs: 'process', pid: 4801, ports: [] }],
    },
  ],
};
