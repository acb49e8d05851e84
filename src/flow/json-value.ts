import * as z from 'zod';
import { type ExactNumber, isNumber, type JsonValue } from '../json.ts';

/** A number as `json.ts` reads it. */
export const exactNumberSchema = z.custom<ExactNumber>(isNumber, { error: 'a number' });

/** Anything that JSON holds. */
export const jsonValueSchema: z.ZodType<JsonValue> = z.lazy(() =>
  z.union([
    z.string(),
    exactNumberSchema,
    z.boolean(),
    z.null(),
    z.array(jsonValueSchema),
    z.record(z.string(), jsonValueSchema),
  ]),
);

/** A number, or one `${…}` and nothing else, which becomes the value itself with its type. */
export const numberOrCapture = z.custom<ExactNumber | string>(
  (value) => isNumber(value) || (typeof value === 'string' && /^\$\{[^}]*\}$/.test(value)),
  { error: 'a number, or ${captures.NAME}' },
);
