import * as z from 'zod';
import { ENVELOPES } from '../../model/event.ts';

/** AMQP's shortstr. */
const NAME_BYTES = 255;

export const events = z
  .strictObject({
    exchange: z
      .string({ error: 'the name of an exchange' })
      .refine((name) => Buffer.byteLength(name) <= NAME_BYTES, { error: `at most ${NAME_BYTES} bytes` })
      .default('qbtc.topic')
      .describe(
        'The exchange that the services publish their events to. `""` is the default exchange, which puts a message into the queue that its routing key names.',
      ),
    envelope: z
      .enum(ENVELOPES)
      .default('cloudevents')
      .describe(
        'What an event is wrapped in. `cloudevents`: the attributes of CloudEvents stand around its data. `none`: the body of a message is the event, in whatever form.',
      ),
  })
  .prefault({})
  .describe('How the services of the stack speak at the broker.');
