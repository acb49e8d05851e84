import { brokerAccess } from '../../broker/access.ts';
import { ManagementApi } from '../../broker/management.ts';
import { accountName } from '../../config/endpoints.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { isLocal } from '../addresses.ts';
import type { DiscoveryContext, Scope, Sighting, Source } from '../source.ts';

/** Our own commands, which are no service of anybody. */
const OWN_CONNECTION = /^qbtc( |$)/;

/** Connections that consume queues, from the management API: who takes messages is a service, with a port or without. */
export const rabbitmq: Source = {
  async absent(_, { stack }) {
    const broker = resourceOfKind(stack, 'rabbitmq');
    if (broker === undefined) return 'the stack declares no broker';
    return brokerAccess(stack).management === undefined
      ? `${broker.name} has no management API: its consumers cannot be seen`
      : undefined;
  },
  async look(context, scope) {
    const { management } = brokerAccess(scope.stack);
    if (management === undefined) return { sightings: [] };
    const api = new ManagementApi(context, management);
    const [consumers, connections, queues] = await Promise.all([
      api.list(api.inVhost('consumers')),
      api.list('/connections'),
      api.list(`${api.inVhost('queues')}?columns=name,messages,message_stats`),
    ]);
    return {
      sightings: await sightingsOf(context, scope, {
        consumers: consumers ?? [],
        connections: connections ?? [],
        queues: queues ?? [],
      }),
    };
  },
};

type Objects = Record<string, unknown>[];

async function sightingsOf(
  { host }: DiscoveryContext,
  { stack }: Scope,
  { consumers, connections, queues }: { consumers: Objects; connections: Objects; queues: Objects },
): Promise<Sighting[]> {
  const queueTexts = new Map(queues.map((queue) => [String(queue.name), queueText(queue)]));
  const consumed = new Map<string, Set<string>>();
  for (const { channel_details, queue } of consumers) {
    const connection = String((channel_details as { connection_name?: unknown })?.connection_name ?? '');
    const names = consumed.get(connection) ?? new Set();
    names.add(String((queue as { name?: unknown })?.name ?? ''));
    consumed.set(connection, names);
  }
  const consuming = connections.filter(({ name }) => consumed.has(String(name)));
  const portOf = (connection: Record<string, unknown>) =>
    isLocal(String(connection.peer_host ?? '')) ? Number(connection.peer_port) : undefined;
  const ports = consuming.map(portOf).filter((port) => port !== undefined);
  const owners = await host.connectionOwners(new Set(ports));
  const accounts = new Map(stack.services.map(({ name }) => [accountName(stack.name, name), name]));
  return consuming.flatMap((connection): Sighting[] => {
    const name = String(connection.name);
    const user = String(connection.user ?? '');
    const called = connection.user_provided_name;
    if (typeof called === 'string' && OWN_CONNECTION.test(called)) return [];
    const taken = [...(consumed.get(name) ?? [])].sort().map((queue) => queueTexts.get(queue) ?? queue);
    const pid = owners.get(portOf(connection) ?? -1);
    const guess = accounts.get(user) ?? (typeof called === 'string' && called !== '' ? called : undefined);
    const title =
      typeof called === 'string' && called !== '' ? `connection "${called}"` : `connection ${name}`;
    const client = clientOf(connection.client_properties);
    return [
      {
        source: 'rabbitmq',
        found: `${title} (account ${user}${client}) consumes ${taken.join(', ')}`,
        ...(guess === undefined ? {} : { guess }),
        ...(pid === undefined ? {} : { pid }),
      },
    ];
  });
}

/** The library of the client. Other properties are its own matter, and may be anything. */
function clientOf(properties: unknown): string {
  const { product, version } = (properties ?? {}) as Record<string, unknown>;
  if (typeof product !== 'string') return '';
  return `, ${product}${typeof version === 'string' ? ` ${version}` : ''}`.slice(0, 60);
}

/** `q_llm_requests (3 messages, 12.4/s)`; the rate where the broker measures one. */
function queueText({ name, messages, message_stats }: Record<string, unknown>): string {
  const details = (message_stats as Record<string, { rate?: unknown }> | undefined)?.deliver_get_details;
  const rate = typeof details?.rate === 'number' ? [`${details.rate.toFixed(1)}/s`] : [];
  const depth = typeof messages === 'number' ? [`${messages} message${messages === 1 ? '' : 's'}`] : [];
  const facts = [...depth, ...rate];
  return facts.length === 0 ? String(name) : `${String(name)} (${facts.join(', ')})`;
}
