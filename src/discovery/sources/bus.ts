import { brokerAccess } from '../../broker/access.ts';
import { onBroker, requireExchange } from '../../broker/connection.ts';
import { DISCOVERY_QUEUE } from '../../broker/exchanges.ts';
import { QbtcError } from '../../errors.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { addressText } from '../addresses.ts';
import { isAnnounced } from '../announce.ts';
import { ANNOUNCED_KEYS, type Announced, foldAnnouncements } from '../announcements.ts';
import type { Sighting, Source } from '../source.ts';

/** As the policy of the queue keeps them. */
const MAX_ANNOUNCEMENTS = 10_000;
/** How often a connection that went away without a word is found out. */
const ALIVE_MS = 10_000;

/** Services that announce themselves on the bus. A queue keeps what was said before we came. */
export const bus: Source = {
  async absent(_, { stack }) {
    if (resourceOfKind(stack, 'rabbitmq') === undefined) return 'the stack declares no broker';
    return isAnnounced(stack) ? undefined : 'the services of the stack speak in no envelope';
  },
  look(context, { stack }) {
    return onBroker(context, brokerAccess(stack), 'qbtc discover', async (connection) => {
      const messages = await connection.peek(DISCOVERY_QUEUE, MAX_ANNOUNCEMENTS);
      if (messages === undefined) {
        throw new QbtcError(
          'QUEUE_MISSING',
          `the broker has no queue ${DISCOVERY_QUEUE} that would keep announcements`,
          { hint: `declare it in the topology and bind it to ${ANNOUNCED_KEYS.join(', ')}` },
        );
      }
      return { sightings: foldAnnouncements(messages.map(({ content }) => content)).map(sightingOf) };
    });
  },
  watch(context, { stack }, { onReady, onChange }, signal) {
    const access = brokerAccess(stack);
    return onBroker(context, access, 'qbtc discover --watch', async (connection) => {
      const { exchange } = stack.events;
      await requireExchange(connection, access, exchange);
      await connection.tap(
        ANNOUNCED_KEYS.map((routingKey) => ({ exchange, routingKey })),
        () => onChange(),
      );
      onReady();
      for (;;) {
        await context.clock.sleep(ALIVE_MS, signal);
        await connection.exchangeExists(exchange);
      }
    });
  },
};

function sightingOf({
  name,
  instance,
  host,
  port,
  protocol,
  version,
  health,
  at,
  source,
}: Announced): Sighting {
  const address = { host, port };
  return {
    source: 'bus',
    found: `${source} announced ${name} (${instance}) at ${addressText(address)}, ${new Date(at).toISOString()}`,
    address,
    ...(protocol === 'amqp' ? { protocol } : {}),
    claim: {
      name,
      origin: 'announced',
      kin: 'bus',
      since: at / 1000,
      instance,
      ...(version === undefined ? {} : { version }),
      ...(health === undefined ? {} : { health }),
    },
  };
}
