import { EXIT, QbtcError } from '../../src/errors.ts';

/**
 * Refuses options that mean nothing together.
 *
 * @param wrong what is wrong with those that were given, each only where it is
 * @throws QbtcError `USAGE`
 */
export function checkTogether(command: string, wrong: readonly (string | false)[]): void {
  const first = wrong.find((each) => each !== false);
  if (first === undefined) return;
  throw new QbtcError('USAGE', first, { exit: EXIT.usage, hint: `see \`qbtc ${command} --help\`` });
}
