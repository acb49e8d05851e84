import type { Obstacle, Place } from '../../model/adoption.ts';
import type { HintFact } from '../fact.ts';
import type { Draft, DraftResource, DraftService, Field } from './draft.ts';
import { addressOf, LOCAL } from './references.ts';

/** A service that asks a broker for what RabbitMQ has of its own: the vhost `/`, and the user `guest` where it names none. */
interface Plain {
  service: string;
  at: Place;
  asGuest: boolean;
  /** What stands in the way where the broker is another one. */
  obstacle: Obstacle;
}

const DEFAULT_PORT = '5672';
const GUEST = 'guest';
/** No credentials, or those that every RabbitMQ begins with; its vhost `/`, however that is written. */
const OF_GUESTS = /^amqp:\/\/(guest:guest@)?[^@/]+(\/|\/%2f)?$/i;

/** Whether an address in the code leads to a broker of this machine as RabbitMQ is when it is new. */
export function isPlainBroker(url: string): boolean {
  const there = addressOf(url);
  return (
    there !== undefined &&
    LOCAL.test(there.host) &&
    (there.port ?? DEFAULT_PORT) === DEFAULT_PORT &&
    OF_GUESTS.test(url)
  );
}

/**
 * Gives a broker the vhost and the user that its services ask for without having been told of any. Where a file says that
 * they are others, the services stand in the way.
 */
export function keepBrokers(
  { resources, services, obstacles }: Pick<Draft, 'resources' | 'services' | 'obstacles'>,
  hintsOf: ReadonlyMap<string, readonly HintFact[]>,
): void {
  const brokers = resources.filter(({ kind }) => kind === 'rabbitmq');
  for (const broker of brokers) {
    const isMeant = brokers.length === 1;
    const inCodes = services.flatMap((service) =>
      isMeant ? inCode(service, broker, hintsOf.get(service.name.value) ?? []) : [],
    );
    // The code asks at the usual port: at another one it finds nobody.
    const reaches = broker.port === undefined ? inCodes : [];
    const plain = [...services.flatMap((service) => toldTheHost(service, broker)), ...reaches];
    const guest = plain.find(({ asGuest }) => asGuest);
    const [first] = plain;
    if (first !== undefined) broker.vhost ??= theirs(first, '/', `${first.service} names no other`);
    if (guest !== undefined) broker.user ??= theirs(guest, GUEST, `${guest.service} names no other`);
    if (guest !== undefined && broker.user?.value === GUEST)
      broker.password = theirs(guest, `\${${variableOf(broker)}:-${GUEST}}`, 'as every RabbitMQ begins');
    const isServed = ({ asGuest }: Plain) =>
      broker.vhost?.value === '/' && (!asGuest || broker.user?.value === GUEST);
    const others = inCodes.filter((each) => !reaches.includes(each));
    obstacles.push(
      ...[...plain.filter((each) => !isServed(each)), ...others].map(({ obstacle }) => obstacle),
    );
  }
}

function theirs({ at }: Plain, value: string, why: string): Field<string> {
  return { value, at, guess: true, why };
}

/** Where the host is told and the vhost is not, the service asks for `/`. */
function toldTheHost({ name, env }: DraftService, { name: broker }: DraftResource): Plain[] {
  const fields = Object.values(env);
  const refers = (word: string) => `\${resources.${broker.value}.${word}}`;
  const host = fields.find(({ value }) => value === refers('host'));
  const has = (word: string) => fields.some(({ value }) => value.includes(refers(word)));
  if (host === undefined || has('url') || has('vhost')) return [];
  const of = name.value;
  const obstacle: Obstacle = {
    code: 'vhost-in-code',
    at: host.at,
    of,
    found: 'no variable for the vhost',
    fix: `read it from a variable, and give that in env: ${refers('vhost')}`,
  };
  return [{ service: of, at: host.at, asGuest: !has('user'), obstacle }];
}

function inCode(
  { name }: DraftService,
  { name: broker }: DraftResource,
  hints: readonly HintFact[],
): Plain[] {
  return hints.flatMap((hint) => {
    if (hint.kind !== 'address' || !isPlainBroker(hint.url)) return [];
    const of = name.value;
    const obstacle: Obstacle = {
      code: 'address-in-code',
      at: hint.at,
      of,
      found: `amqp://${addressOf(hint.url)?.host}:${DEFAULT_PORT}`,
      fix: `read it from a variable, and give the variable in env: \${resources.${broker.value}.url}`,
    };
    return [{ service: of, at: hint.at, asGuest: true, obstacle }];
  });
}

/** `message-broker` → `MESSAGE_BROKER_PASSWORD`. */
function variableOf({ name }: DraftResource): string {
  return `${name.value.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}_PASSWORD`;
}
