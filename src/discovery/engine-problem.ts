import { messageOf, QbtcError } from '../errors.ts';

/** Why there is no Docker engine to ask, in one line. */
export function engineProblem(error: unknown): string {
  if (error instanceof QbtcError) return error.message;
  const { code, address } = error as { code?: unknown; address?: unknown };
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no Docker engine answers${typeof address === 'string' ? ` at ${address}` : ''}`;
    case 'EACCES':
    case 'EPERM':
      return 'this account may not use the Docker engine';
    default:
      return `the Docker engine does not answer: ${messageOf(error)}`;
  }
}
