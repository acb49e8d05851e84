import type { AmqpConnection, Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';

/** The exchange that the services publish to. */
export const TOPIC_EXCHANGE = 'qbtc.topic';
const TIMEOUT_MS = 10_000;

/**
 * Does something on a connection to the stack's broker.
 * @throws QbtcError `BROKER_NOT_DECLARED`, `BROKER_UNREACHABLE`
 */
export async function onBus<T>(
  context: Pick<Context, 'amqp'>,
  stack: Stack,
  name: string,
  work: (connection: AmqpConnection) => Promise<T>,
): Promise<T> {
  const broker = stack.resources.find(({ kind }) => kind === 'rabbitmq');
  if (broker === undefined) {
    throw new QbtcError('BROKER_NOT_DECLARED', `${stack.name} declares no broker`, {
      hint: `add a resource of kind rabbitmq to infrastructure in ${stack.file}`,
    });
  }
  let connection: AmqpConnection;
  try {
    connection = await context.amqp(broker.endpoint.url, { timeoutMs: TIMEOUT_MS, name });
  } catch (error) {
    throw new QbtcError(
      'BROKER_UNREACHABLE',
      `${broker.name} at ${broker.endpoint.host}:${broker.endpoint.port}: ${messageOf(error)}`,
      { hint: 'see whether it runs with `qbtc status`, start it with `qbtc up`', cause: error },
    );
  }
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
