import type { AmqpConnection, Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { BrokerAccess } from './access.ts';

const TIMEOUT_MS = 10_000;

/**
 * Does something on an AMQP connection of its own, which is closed at the end.
 *
 * @param name how the connection calls itself at the broker: the command
 * @throws QbtcError `BROKER_UNREACHABLE`, and what `work` throws
 */
export async function onBroker<T>(
  context: Pick<Context, 'amqp'>,
  { resource, amqpUrl, url, vhost }: BrokerAccess,
  name: string,
  work: (connection: AmqpConnection) => Promise<T>,
): Promise<T> {
  let connection: AmqpConnection;
  try {
    connection = await context.amqp(amqpUrl, { timeoutMs: TIMEOUT_MS, name });
  } catch (error) {
    throw new QbtcError('BROKER_UNREACHABLE', `${resource} (${url}, vhost ${vhost}): ${messageOf(error)}`, {
      hint: 'see whether it runs with `qbtc status`, start it with `qbtc up`',
      cause: error,
    });
  }
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/**
 * That the broker has an exchange, before anything is asked of it: what it says otherwise names no way out.
 *
 * @throws QbtcError `EXCHANGE_MISSING`
 */
export async function requireExchange(
  connection: Pick<AmqpConnection, 'exchangeExists'>,
  { resource, vhost }: Pick<BrokerAccess, 'resource' | 'vhost'>,
  exchange: string,
  hint = `declare it in the topology file and run \`qbtc topology apply\`; \`qbtc topology graph\` shows what is declared`,
): Promise<void> {
  if (await connection.exchangeExists(exchange)) return;
  throw new QbtcError('EXCHANGE_MISSING', `${resource} (vhost ${vhost}) has no exchange ${exchange}`, {
    hint,
  });
}
