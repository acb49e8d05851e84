import * as z from 'zod';
import { EXIT, messageOf, QbtcError } from '../../errors.ts';
import { LOG_LEVELS } from '../../model/log.ts';
import { LOG_LINES } from '../bounds.ts';
import { numberIn } from '../operation.ts';

/** Which lines are wanted. */
export const LOGS = {
  names: z.array(z.string()).default([]),
  lines: numberIn(LOG_LINES).default(LOG_LINES.default),
  /** Milliseconds since the epoch. */
  since: z.number().exactOptional(),
  level: z.enum(LOG_LEVELS).exactOptional(),
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
