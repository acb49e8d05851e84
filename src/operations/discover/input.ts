import * as z from 'zod';
import { SOURCE_NAMES } from '../../model/discovery.ts';

/** Where discovery is to look. */
export const WHERE = {
  source: z.array(z.enum(SOURCE_NAMES)).exactOptional(),
  portRange: z.object({ first: z.int().min(1), last: z.int().max(65_535) }).exactOptional(),
  host: z.string().exactOptional(),
  scan: z.boolean().default(false),
};

/** The same, as discovery takes it. */
export function whereOf({ source, portRange, host, scan }: z.output<z.ZodObject<typeof WHERE>>) {
  return {
    scan,
    ...(source === undefined ? {} : { sources: source }),
    ...(portRange === undefined ? {} : { portRange }),
    ...(host === undefined ? {} : { host }),
  };
}
