import { QbtcError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';

/** A finding that was thrown, with the error that it was. */
export interface Thrown extends Finding {
  error: QbtcError;
}

/** What is thrown on purpose as a finding; a defect stays one. */
export async function collected(work: () => Promise<unknown>): Promise<Thrown[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof QbtcError)) throw error;
    return [
      {
        code: error.code,
        severity: 'error',
        subject: '',
        message: error.message,
        fix: error.hint ?? '',
        error,
      },
    ];
  }
}
