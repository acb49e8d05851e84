import * as z from 'zod';
import { filled } from '../fields.ts';

export const logs = z
  .strictObject({
    correlation: z
      .array(filled('a name'))
      .min(1, { error: 'at least one name' })
      .default(['correlation_id', 'correlationId'])
      .describe(
        'Under which names the log lines of the services have the id of a request: a field of JSON (`req.id` looks into objects) or logfmt, or `NAME=ID` in text. The first that a line has counts.',
      ),
  })
  .prefault({})
  .describe('How the log lines of the stack are read.');
