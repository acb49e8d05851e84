import { brokerAccess } from '../broker/access.ts';
import { onBroker, requireExchange } from '../broker/connection.ts';
import { EVENT_CONTENT_TYPE, envelope } from '../broker/envelope.ts';
import type { Context } from '../context.ts';
import type { FoundService } from '../model/discovery.ts';
import { UNROUTED } from '../model/event.ts';
import type { Stack } from '../model/stack.ts';
import { reachable } from './addresses.ts';
import { ANNOUNCED, ANNOUNCER, type AnnouncedKey } from './announcements.ts';

/** What is said of an instance: the data of `service.registered`. */
export interface AnnouncedInstance {
  name: string;
  instance: string;
  version?: string | undefined;
  host: string;
  port: number;
  protocol: 'http';
  health: string;
}

/** One thing to say on the bus. */
export interface Announcement {
  key: AnnouncedKey;
  data: Record<string, unknown>;
}

/** What is to be announced of a look: instances that are well, of services that somebody brought in. */
export function announceable(services: readonly FoundService[]): AnnouncedInstance[] {
  return services
    .filter(
      ({ origin, unrouted, route }) =>
        origin === 'declared' || (origin === 'labelled' && unrouted === '' && route),
    )
    .flatMap(({ name, instances, health }) =>
      instances
        // What a service says of itself on the bus needs no second voice.
        .filter(
          ({ condition, evidence }) =>
            condition === 'healthy' && !evidence.some(({ source }) => source === 'bus'),
        )
        .flatMap(({ id, address, version }): AnnouncedInstance[] => {
          if (address === undefined) return [];
          const { host, port } = reachable(address);
          return [
            {
              name,
              instance: id,
              ...(version === undefined ? {} : { version }),
              host,
              port,
              protocol: 'http',
              health,
            },
          ];
        }),
    );
}

/** What must be said for those who know `before` to know `now`. */
export function announcementsOf(
  before: readonly AnnouncedInstance[],
  now: readonly AnnouncedInstance[],
  reasonOf: (gone: AnnouncedInstance) => 'stopped' | 'crashed' | 'expired',
): Announcement[] {
  const keyOf = ({ name, instance }: AnnouncedInstance) => `${name}\n${instance}`;
  const known = new Map(before.map((each) => [keyOf(each), each]));
  const said: Announcement[] = [];
  for (const each of now) {
    const old = known.get(keyOf(each));
    known.delete(keyOf(each));
    if (old === undefined) {
      said.push({ key: 'service.registered', data: { ...each } });
      continue;
    }
    const changes = (['version', 'host', 'port', 'protocol', 'health'] as const).filter(
      (field) => old[field] !== each[field],
    );
    if (changes.length > 0) said.push({ key: 'service.changed', data: { ...each, changes } });
  }
  for (const gone of known.values())
    said.push({
      key: 'service.gone',
      data: { name: gone.name, instance: gone.instance, reason: reasonOf(gone) },
    });
  return said;
}

/** Whether announcements are for anybody: services that speak otherwise would not know what to do with one. */
export function isAnnounced({ events }: Pick<Stack, 'events'>): boolean {
  return events.envelope === 'cloudevents' && events.exchange !== '';
}

/**
 * Says it on the bus, in order. That nobody listens is no error.
 *
 * @throws QbtcError those of `brokerAccess` and `onBroker`; `EXCHANGE_MISSING`
 */
export async function announce(
  context: Pick<Context, 'amqp' | 'clock'>,
  stack: Stack,
  announcements: readonly Announcement[],
): Promise<void> {
  if (announcements.length === 0) return;
  const { exchange } = stack.events;
  const access = brokerAccess(stack);
  await onBroker(context, access, 'qbtc discover --register', async (connection) => {
    await requireExchange(connection, access, exchange);
    for (const { key, data } of announcements) {
      const type = ANNOUNCED[key];
      const dataschema = `urn:qbtc:event:${type}:1`;
      const event = envelope({ source: ANNOUNCER, type, dataschema, data }, context.clock.now());
      await connection
        .publish({ exchange, routingKey: key }, Buffer.from(JSON.stringify(event)), {
          messageId: event.id,
          correlationId: event.correlationid,
          contentType: EVENT_CONTENT_TYPE,
        })
        .catch((error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === UNROUTED) return;
          throw error;
        });
    }
  });
}
