import * as z from 'zod';
import { secretUses } from '../../config/secret-uses.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import { secretUnknown } from '../../lifecycle/named.ts';
import { rotate } from '../../lifecycle/rotate.ts';
import { READY_TIMEOUT } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'destroys',
  input: {
    names: z.array(z.string()).default([]),
    all: z.boolean().default(false),
    timeout: numberIn(READY_TIMEOUT).default(READY_TIMEOUT.default),
  },
  documents: ['rotated'],
  async run(context, stack, { names, all, timeout }) {
    const uses = secretUses(stack);
    const known = uses.map(({ name }) => name);
    for (const name of names) if (!known.includes(name)) throw secretUnknown(stack.name, name, known);
    if (all === names.length > 0) {
      throw new QbtcError('NAME_MISSING', 'which secrets are to be rotated?', {
        exit: EXIT.usage,
        hint: 'name them, or use --all; qbtc secrets list shows them',
      });
    }
    const chosen = all
      ? uses.filter(({ subject }) => !['keyring', 'asked'].includes(subject.kind)).map(({ name }) => name)
      : names;
    return { document: { kind: 'rotated', ...(await rotate(context, stack, chosen, timeout * 1000)) } };
  },
});
