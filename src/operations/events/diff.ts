import { relative } from 'node:path';
import * as z from 'zod';
import { diffContracts, readVersions } from '../../events/index.ts';
import { COMPATIBILITIES } from '../../model/contract.ts';
import { exitFor } from '../exit.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: {
    against: z.string().default('HEAD'),
    compatibility: z.enum(COMPATIBILITIES).default('full'),
  },
  documents: ['contract-diff'],
  async run(context, stack, { against, compatibility }) {
    const { before, after } = await readVersions(context, stack, against);
    const files = new Map(after.map(({ name, file }) => [name, relative(context.cwd, file)]));
    const changes = diffContracts(before, after).map((change) => {
      const file = files.get(change.event);
      return { ...change, ...(file === undefined ? {} : { file }) };
    });
    const counts = changes.some(({ breaks }) =>
      breaks.some((each) => compatibility === 'full' || each === compatibility),
    );
    return {
      document: { kind: 'contract-diff', stack: stack.name, against, changes },
      exit: exitFor(counts),
    };
  },
});
