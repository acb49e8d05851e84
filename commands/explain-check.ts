import { nearest } from '../src/config/mistake.ts';
import { EXIT, QbtcError } from '../src/errors.ts';
import { CHECK_CODES } from '../src/model/score.ts';
import type { Document } from '../src/report/index.ts';
import { CHECKS } from '../src/score/index.ts';

/**
 * What a check judges.
 *
 * @throws QbtcError `CHECK_UNKNOWN` with the nearest code
 */
export function explainCheck(given: string): Document {
  const code = CHECK_CODES.find((known) => known === given.toUpperCase());
  if (code === undefined) {
    const near = nearest(given.toUpperCase(), [...CHECK_CODES]);
    throw new QbtcError('CHECK_UNKNOWN', `no check has the code "${given}"`, {
      exit: EXIT.usage,
      hint: `${near === undefined ? '' : `did you mean ${near}? `}known: ${CHECK_CODES.join(', ')}`,
    });
  }
  const { component, severity, about } = CHECKS[code];
  return { kind: 'check', code, component, severity, about };
}
