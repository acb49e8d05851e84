import type { Exec } from '../../context.ts';
import { QbtcError } from '../../errors.ts';

/** That a program of the system did not tell what listens: taken for an empty answer, every port would look free. */
export function unreadable(program: string, result: Awaited<ReturnType<Exec>>): QbtcError {
  const said = result.stderr.trim().split('\n')[0] ?? '';
  let reason = `it ended with ${result.exitCode}${said === '' ? '' : `: ${said}`}`;
  if (result.notFound) reason = 'it was not found';
  if (result.timedOut) reason = 'it did not end in time';
  return new QbtcError('SOCKETS_UNREADABLE', `${program} does not tell which ports are taken: ${reason}`, {
    hint: `run ${program} by hand to see why; it must be in the PATH`,
  });
}
