import * as z from 'zod';
import { SOURCE_NAMES } from '../../model/discovery.ts';
import { PORT } from '../bounds.ts';
import { numberIn, type Strict } from '../operation.ts';

/** Where discovery is to look. */
export const WHERE = {
  source: z.array(z.enum(SOURCE_NAMES)).exactOptional(),
  portRange: z
    .strictObject({ first: numberIn(PORT), last: numberIn(PORT) })
    .refine(({ first, last }) => first <= last, { error: 'a range whose last port is not before its first' })
    .exactOptional(),
  host: z.string().exactOptional(),
  scan: z.boolean().default(false),
};

/** The same, as discovery takes it. */
export function whereOf({ source, portRange, host, scan }: z.output<Strict<typeof WHERE>>) {
  return {
    scan,
    ...(source === undefined ? {} : { sources: source }),
    ...(portRange === undefined ? {} : { portRange }),
    ...(host === undefined ? {} : { host }),
  };
}
