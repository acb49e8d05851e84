import { stackNameProblem, suggestStackName } from '../config/name.ts';
import { EXIT, QbtcError } from '../errors.ts';

/**
 * Gives the name back when it can be a stack's.
 * @throws QbtcError NAME_INVALID, with a name that would do
 */
export function validateStackName(name: string): string {
  const problem = stackNameProblem(name);
  if (problem === undefined) return name;
  throw new QbtcError('NAME_INVALID', `"${name}" cannot be the name of a stack: expected ${problem}`, {
    hint: `qbtc new ${suggestStackName(name)}`,
    exit: EXIT.usage,
  });
}
