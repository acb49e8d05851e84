import * as z from 'zod';
import { filled } from '../fields.ts';

/** A token of HTTP (RFC 9110, 5.6.2), which is a name of a header of AMQP, too. */
const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

export const correlation = z
  .strictObject({
    header: z
      .string()
      .regex(HEADER, { error: 'the name of a header such as X-Request-Id' })
      .optional()
      .describe(
        'The header that carries the id of a request, over HTTP and in messages: the requests and messages of a flow have it, and messages are found by it.',
      ),
    field: filled('the name of a field')
      .optional()
      .describe(
        'The field that holds that id in the body of a message and in log lines: `requestId`, or `meta.requestId` within objects.',
      ),
  })
  .prefault({})
  .describe('Where the services of the stack carry the id by which what belongs to one request is found.');
