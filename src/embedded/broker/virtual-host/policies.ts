import { EXCHANGE_TARGETS, type PolicyTarget, targetsOfQueue } from '../../../model/topology.ts';
import type { Field, Table } from '../codec/table.ts';
import { fitsShortString } from '../names.ts';
import type { QueueSettings, QueueType } from '../queue/arguments.ts';

/** Settings for everything whose name matches (https://www.rabbitmq.com/docs/policies). */
export interface Policy {
  name: string;
  pattern: string;
  applyTo: PolicyTarget;
  priority: number;
  definition: Record<string, unknown>;
}

/** A setting: whether a value is right, what RabbitMQ calls it when it is not, and the queues that have no use for it. */
interface Setting {
  what: string;
  isRight(value: unknown): boolean;
  unknownTo?: QueueType;
}

const LARGEST_TTL = 4_294_967_295;
const isWhole = (value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): boolean =>
  Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
const isText = (value: unknown): boolean => typeof value === 'string';
const oneOf =
  (...values: string[]) =>
  (value: unknown): boolean =>
    values.some((each) => each === value);

const SETTINGS_BY_NAME: Readonly<Record<string, Setting>> = {
  'alternate-exchange': { what: 'alternate exchange name', isRight: isText },
  'dead-letter-exchange': { what: 'dead letter exchange name', isRight: isText },
  'dead-letter-routing-key': {
    what: 'dead letter routing key',
    isRight: (value) => typeof value === 'string' && fitsShortString(value),
  },
  'dead-letter-strategy': {
    what: 'dead letter strategy',
    isRight: oneOf('at-most-once', 'at-least-once'),
    unknownTo: 'classic',
  },
  'delivery-limit': { what: 'delivery limit', isRight: (value) => isWhole(value, 0), unknownTo: 'classic' },
  expires: { what: 'queue expiry', isRight: (value) => isWhole(value, 1, LARGEST_TTL) },
  'max-length': { what: 'maximum length', isRight: (value) => isWhole(value, 0) },
  'max-length-bytes': { what: 'maximum length in bytes', isRight: (value) => isWhole(value, 0) },
  'message-ttl': { what: 'message TTL', isRight: (value) => isWhole(value, 0, LARGEST_TTL) },
  overflow: { what: 'overflow value', isRight: oneOf('drop-head', 'reject-publish', 'reject-publish-dlx') },
  // They say where a message is kept, which makes no difference here.
  'queue-mode': { what: 'queue-mode value', isRight: oneOf('default', 'lazy'), unknownTo: 'quorum' },
  'queue-version': {
    what: 'queue version',
    isRight: (value) => value === 1 || value === 2,
    unknownTo: 'quorum',
  },
};

/** By name; a map, because clients may ask for names such as `constructor`. */
const SETTINGS = new Map(Object.entries(SETTINGS_BY_NAME));

/** What is wrong with a definition, in RabbitMQ's words; `undefined` when nothing is. */
export function faultOf(definition: Record<string, unknown>): string | undefined {
  const entries = Object.entries(definition);
  if (entries.length === 0) return 'no policy provided';
  const unknown = entries.filter(([key]) => !SETTINGS.has(key));
  if (unknown.length > 0) return `[${unknown.map(printPair).join(',')}] are not recognised policy settings`;
  for (const [key, value] of entries) {
    const setting = SETTINGS.get(key);
    if (setting !== undefined && !setting.isRight(value))
      return `${print(value)} is not a valid ${setting.what}`;
  }
  return undefined;
}

/** A value of a JSON document as an Erlang term. */
export function termOf(value: unknown): string {
  return typeof value === 'string' ? `<<"${value}">>` : JSON.stringify(value);
}

/** The same in the answers of the management API that are safe in HTML. */
export function print(value: unknown): string {
  return escapeTags(termOf(value));
}

export function escapeTags(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function printPair([key, value]: [string, unknown]): string {
  return `{${print(key)},${print(value)}}`;
}

/** The policies of one virtual host. */
export class Policies {
  private readonly byName = new Map<string, { policy: Policy; pattern: RegExp }>();

  get all(): Policy[] {
    return [...this.byName.values()].map(({ policy }) => policy);
  }

  find(name: string): Policy | undefined {
    return this.byName.get(name)?.policy;
  }

  /** @throws SyntaxError when the pattern is no regular expression */
  put(policy: Policy): void {
    this.byName.set(policy.name, { policy, pattern: new RegExp(policy.pattern) });
  }

  delete(name: string): void {
    this.byName.delete(name);
  }

  /** The one policy that holds for a queue: the matching one of the highest priority that its type can follow. */
  ofQueue(name: string, type: QueueType): Policy | undefined {
    return this.best(
      name,
      ({ applyTo, definition }) =>
        targetsOfQueue(type).has(applyTo) &&
        Object.keys(definition).every((key) => SETTINGS.get(key)?.unknownTo !== type),
    );
  }

  ofExchange(name: string): Policy | undefined {
    return this.best(name, ({ applyTo }) => EXCHANGE_TARGETS.has(applyTo));
  }

  private best(name: string, fits: (policy: Policy) => boolean): Policy | undefined {
    let best: Policy | undefined;
    for (const { policy, pattern } of this.byName.values()) {
      if (best !== undefined && best.priority >= policy.priority) continue;
      if (fits(policy) && pattern.test(name)) best = policy;
    }
    return best;
  }
}

/**
 * The settings of a queue under a policy. Where both speak, the smaller limit holds, and for everything else what
 * the queue was declared with.
 */
export function underPolicy(own: QueueSettings, policy: Policy | undefined): QueueSettings {
  if (policy === undefined) return own;
  const { definition } = policy;
  const smaller = (limit: number | undefined, key: string) => {
    const given = definition[key];
    if (typeof given !== 'number') return limit;
    return limit === undefined ? given : Math.min(limit, given);
  };
  const text = (key: string) => (typeof definition[key] === 'string' ? definition[key] : undefined);
  return {
    ...own,
    messageTtl: smaller(own.messageTtl, 'message-ttl'),
    expires: smaller(own.expires, 'expires'),
    maxLength: smaller(own.maxLength, 'max-length'),
    maxLengthBytes: smaller(own.maxLengthBytes, 'max-length-bytes'),
    deliveryLimit: smaller(own.deliveryLimit, 'delivery-limit'),
    overflow: own.overflow ?? (text('overflow') as QueueSettings['overflow']),
    deadLetterExchange: own.deadLetterExchange ?? text('dead-letter-exchange'),
    deadLetterRoutingKey: own.deadLetterRoutingKey ?? text('dead-letter-routing-key'),
    deadLetterStrategy:
      own.deadLetterStrategy ?? (text('dead-letter-strategy') as QueueSettings['deadLetterStrategy']),
  };
}

/** The alternate exchange that an exchange was declared with. */
export function alternateOf(declared: Table): string | undefined {
  const field: Field | undefined = declared.get('alternate-exchange');
  return field?.type === 'longstr' && typeof field.value === 'string' ? field.value : undefined;
}
