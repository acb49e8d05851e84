import * as z from 'zod';
import { nearest } from '../../config/mistake.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import { CHECK_CODES } from '../../model/score.ts';
import { CHECKS } from '../../score/index.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { code: z.string() },
  documents: ['check'],
  // What is judged is the same in each stack.
  open: async () => undefined,
  async run(_context, _stack, { code: given }) {
    const code = CHECK_CODES.find((known) => known === given.toUpperCase());
    if (code === undefined) {
      const near = nearest(given.toUpperCase(), [...CHECK_CODES]);
      throw new QbtcError('CHECK_UNKNOWN', `no check has the code "${given}"`, {
        exit: EXIT.usage,
        hint: `${near === undefined ? '' : `did you mean ${near}? `}known: ${CHECK_CODES.join(', ')}`,
      });
    }
    const { component, severity, about, foreign } = CHECKS[code];
    return { document: { kind: 'check', code, component, severity, about, foreign } };
  },
});
