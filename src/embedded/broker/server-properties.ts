import { bool, type Field, longstr, type Table, table } from './codec/table.ts';

/** Put in when the program is bundled. */
declare const QBTC_VERSION: string | undefined;

/** The name under which the broker presents itself. */
export const PRODUCT = 'qbtc embedded broker';
export const PRODUCT_VERSION = typeof QBTC_VERSION === 'string' ? QBTC_VERSION : 'development';
/** The RabbitMQ whose behaviour it follows; tools read it to know what they may ask for. */
export const COMPATIBLE_VERSION = '3.10.8';

/** The extensions of the protocol that clients may use. */
const CAPABILITIES = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
];

/** What `connection.start` says about the server; its extensions are known to clients of 0-9-1 only. */
export function serverProperties(nodeName: string, hasExtensions: boolean): Table {
  const names = hasExtensions ? CAPABILITIES : [];
  const capabilities = table(Object.fromEntries(names.map((name) => [name, bool(true)])));
  return new Map<string, Field>([
    ['capabilities', capabilities],
    ['cluster_name', longstr(nodeName)],
    ['information', longstr(`Speaks AMQP 0-9-1 as RabbitMQ ${COMPATIBLE_VERSION} does`)],
    ['platform', longstr(`Node.js ${process.versions.node}`)],
    ['product', longstr(PRODUCT)],
    ['version', longstr(PRODUCT_VERSION)],
  ]);
}
