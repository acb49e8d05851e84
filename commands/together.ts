/**
 * Refuses options that mean nothing together.
 *
 * @param wrong what is wrong with those that were given, each only where it is
 * @throws QbtcError `USAGE`
 */
export async function checkTogether(command: string, wrong: readonly (string | false)[]): Promise<void> {
  const first = wrong.find((each) => each !== false);
  if (first === undefined) return;
  const { EXIT, QbtcError } = await import('../src/errors.ts');
  throw new QbtcError('USAGE', first, { exit: EXIT.usage, hint: `see \`qbtc ${command} --help\`` });
}
