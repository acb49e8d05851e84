import { messageOf, QbtcError } from '../errors.ts';

/** What a server or the system answered on the way is no defect of ours: said with the step that it belongs to. */
export function explained(error: unknown, step: string): unknown {
  const fromOutside = error instanceof Error && !(error instanceof QbtcError) && isFromOutside(error);
  if (!fromOutside) return error;
  return new QbtcError('STEP_FAILED', `${step}: ${messageOf(error)}`, {
    hint: 'see what became of it with `qbtc status`, then run `qbtc up` again',
    cause: error,
  });
}

/** System calls and servers name a code. */
function isFromOutside(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string';
}
