import * as z from 'zod';
import { down } from '../lifecycle/down.ts';
import { stackRootHere } from '../lifecycle/open.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'destroys',
  input: { volumes: z.boolean().default(false) },
  documents: ['down'],
  // It needs no qbtc.yaml that can be read.
  open: (context) => stackRootHere(context),
  async run(context, root, options) {
    return { document: { kind: 'down', ...(await down(context, root, options)) } };
  },
});
