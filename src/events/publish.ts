import { randomUUID } from 'node:crypto';
import { brokerAccess } from '../broker/access.ts';
import { onBroker } from '../broker/connection.ts';
import { eventMessage } from '../broker/envelope.ts';
import { nearest } from '../config/mistake.ts';
import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import { jsonText, plainJson } from '../json.ts';
import type { PublishedEvent } from '../model/event.ts';
import type { Stack } from '../model/stack.ts';
import { eventFiles, routingKeyOf, type SchemaFile } from './schema-file.ts';
import type { Contracts } from './validate.ts';

export interface PublishOptions {
  type: string;
  data: unknown;
  /** Where it goes; that of its contract when left out. */
  routingKey?: string;
  exchange?: string;
  correlationId?: string;
}

/**
 * Publishes one event, as the stack wraps them, after it was checked; resolves when the broker has confirmed it.
 *
 * @throws QbtcError `EVENT_UNKNOWN`, `EVENT_INVALID`, `EVENT_UNROUTABLE`, and those of `brokerAccess` and `onBroker`
 */
export async function publishEvent(
  context: Pick<Context, 'amqp' | 'clock'>,
  stack: Stack,
  { files, contracts }: { files: readonly SchemaFile[]; contracts: Contracts },
  { type, data, exchange = stack.events.exchange, ...options }: PublishOptions,
): Promise<PublishedEvent> {
  const contract = eventFiles(files).find(({ name }) => name === type);
  if (contract === undefined) {
    const near = nearest(type, contracts.names);
    throw new QbtcError('EVENT_UNKNOWN', `no contract describes an event ${type}`, {
      exit: EXIT.usage,
      hint: near === undefined ? `one of ${contracts.names.join(', ')}` : `did you mean ${near}?`,
    });
  }
  const [problem] = contracts.checkData(type, plainJson(data));
  if (problem !== undefined) {
    throw new QbtcError(
      'EVENT_INVALID',
      `the data is no ${type}: ${problem.path || 'it'} ${problem.message}`,
      {
        hint: `see ${contract.file}`,
      },
    );
  }
  const routingKey = options.routingKey ?? routingKeyOf(contract.schema);
  if (routingKey === undefined) {
    throw new QbtcError('EVENT_UNROUTABLE', `${type} is an answer: it has no routing key of its own`, {
      exit: EXIT.usage,
      hint: 'say where it goes with --key',
    });
  }
  const correlationId = options.correlationId ?? randomUUID();
  const { document, properties } = eventMessage(
    { source: 'qbtc', type, dataschema: String(contract.schema.$id), correlationId, data },
    stack,
    context.clock.now(),
  );
  await onBroker(context, brokerAccess(stack), 'qbtc events publish', async (connection) => {
    try {
      await connection.publish({ exchange, routingKey }, Buffer.from(jsonText(document)), properties);
    } catch (error) {
      throw new QbtcError('EVENT_UNROUTABLE', `the broker did not take it: ${messageOf(error)}`, {
        hint: 'see where events of this key go with `qbtc topology graph`',
        cause: error,
      });
    }
  });
  return { id: properties.messageId, type, correlationId, exchange, routingKey };
}
