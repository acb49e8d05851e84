import * as z from 'zod';
import { EXIT, messageOf, QbtcError } from '../../errors.ts';

/** Which lines are wanted. */
export const LOGS = {
  names: z.array(z.string()).default([]),
  lines: z.int().min(1).max(100_000).default(100),
  /** Milliseconds since the epoch. */
  since: z.number().exactOptional(),
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).exactOptional(),
  /** A regular expression. */
  grep: z.string().exactOptional(),
  correlation: z.string().exactOptional(),
};

/** @throws QbtcError `PATTERN_WRONG` */
export function filterOf({
  grep,
  correlation,
  ...filter
}: z.output<z.ZodObject<Omit<typeof LOGS, 'names' | 'lines'>>>) {
  return {
    ...filter,
    ...(grep === undefined ? {} : { grep: regex(grep) }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
  };
}

function regex(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new QbtcError('PATTERN_WRONG', messageOf(error), { exit: EXIT.usage, cause: error });
  }
}
