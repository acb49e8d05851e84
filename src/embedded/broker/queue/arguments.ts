import type { Field, FieldType, Table } from '../codec/table.ts';
import { AmqpError, describe } from '../errors.ts';
import { LONGEST_EXPIRY_MS } from '../message.ts';
import { fitsShortString } from '../names.ts';

export type QueueType = 'classic' | 'quorum';
export type DeadLetterStrategy = 'at-most-once' | 'at-least-once';
export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';

/** What the arguments of a queue ask of it. Times are in milliseconds; no limit is `undefined`. */
export interface QueueSettings {
  type: QueueType;
  messageTtl: number | undefined;
  expires: number | undefined;
  maxLength: number | undefined;
  maxLengthBytes: number | undefined;
  /** What is not said is `drop-head`. */
  overflow: Overflow | undefined;
  deadLetterExchange: string | undefined;
  deadLetterRoutingKey: string | undefined;
  /** What is not said is `at-most-once`. */
  deadLetterStrategy: DeadLetterStrategy | undefined;
  maxPriority: number | undefined;
  singleActiveConsumer: boolean;
  deliveryLimit: number | undefined;
}

const INTEGERS: readonly FieldType[] = [
  'byte',
  'short',
  'signedint',
  'long',
  'unsignedbyte',
  'unsignedshort',
  'unsignedint',
];
const LARGEST_PRIORITY = 255;

/** Gives what is wrong, as RabbitMQ prints it: an Erlang term. */
type Check = (field: Field, all: Table) => string | undefined;

const integer: Check = (field) =>
  INTEGERS.includes(field.type) ? undefined : `"expected integer, got ${field.type}"`;
const notNegative: Check = (field, all) =>
  integer(field, all) ?? (Number(field.value) < 0 ? `{value_negative,${field.value}}` : undefined);
const expiry: Check = (field, all) =>
  notNegative(field, all) ??
  (Number(field.value) > LONGEST_EXPIRY_MS ? `{value_too_large,${field.value}}` : undefined);
const notZero: Check = (field, all) =>
  integer(field, all) ?? (Number(field.value) === 0 ? `{value_zero,${field.value}}` : undefined);
const ofType =
  (type: FieldType): Check =>
  (field) =>
    field.type === type ? undefined : `{unacceptable_type,${field.type}}`;
const oneOf =
  (values: readonly string[], fault: (value: string) => string): Check =>
  (field, all) =>
    ofType('longstr')(field, all) ??
    (values.includes(String(field.value)) ? undefined : fault(String(field.value)));

/** The checks of RabbitMQ 3.10, in its order. */
const CHECKS: Record<string, Check> = {
  'x-expires': (field, all) => notZero(field, all) ?? expiry(field, all),
  'x-message-ttl': expiry,
  'x-dead-letter-exchange': ofType('longstr'),
  'x-dead-letter-routing-key': (field, all) =>
    ofType('longstr')(field, all) ??
    (all.has('x-dead-letter-exchange') ? undefined : 'routing_key_but_no_dlx_defined') ??
    // RabbitMQ takes it, and fails at the first dead letter.
    (fitsShortString(String(field.value)) ? undefined : '{value_too_long,255}'),
  'x-dead-letter-strategy': oneOf(['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy'),
  'x-max-length': notNegative,
  'x-max-length-bytes': notNegative,
  'x-max-in-memory-length': notNegative,
  'x-max-in-memory-bytes': notNegative,
  'x-max-priority': (field, all) =>
    notNegative(field, all) ??
    (Number(field.value) > LARGEST_PRIORITY ? `{max_value_exceeded,${field.value}}` : undefined),
  'x-overflow': oneOf(['drop-head', 'reject-publish', 'reject-publish-dlx'], () => 'invalid_overflow'),
  'x-queue-mode': oneOf(['default', 'lazy'], (value) => `"unsupported queue mode '${value}'"`),
  'x-queue-version': (field, all) =>
    notNegative(field, all) ??
    ([1, 2].includes(Number(field.value)) ? undefined : `"unsupported queue version '${field.value}'"`),
  'x-single-active-consumer': ofType('bool'),
  'x-quorum-initial-group-size': (field, all) => notZero(field, all) ?? notNegative(field, all),
  'x-queue-leader-locator': oneOf(
    ['client-local', 'random', 'least-leaders', 'balanced'],
    () => 'invalid_queue_locator_arg',
  ),
};

const SHARED = [
  'x-expires',
  'x-message-ttl',
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-max-length',
  'x-max-length-bytes',
  'x-overflow',
  'x-single-active-consumer',
  'x-queue-type',
];

/** The arguments that each type knows; those of the other type are refused, unknown ones are ignored. */
export const KNOWN_ARGUMENTS: Record<QueueType, readonly string[]> = {
  classic: [...SHARED, 'x-max-priority', 'x-queue-mode', 'x-queue-version', 'x-queue-master-locator'],
  quorum: [
    ...SHARED,
    'x-dead-letter-strategy',
    'x-max-in-memory-length',
    'x-max-in-memory-bytes',
    'x-quorum-initial-group-size',
    'x-delivery-limit',
    'x-queue-leader-locator',
  ],
};

const STREAM_ARGUMENTS = [
  'x-max-age',
  'x-stream-max-segment-size-bytes',
  'x-initial-cluster-size',
  'x-queue-leader-locator',
];

/** Arguments that RabbitMQ knows, whatever the type of the queue. */
const ALL_ARGUMENTS = new Set([...KNOWN_ARGUMENTS.classic, ...KNOWN_ARGUMENTS.quorum, ...STREAM_ARGUMENTS]);

/** Reads and checks the arguments of a new queue. Throws PRECONDITION_FAILED as RabbitMQ does. */
export function queueSettings(name: string, vhost: string, queueArguments: Table): QueueSettings {
  const queue = describe('queue', name, vhost);
  const fail = (key: string, fault: string) =>
    new AmqpError('PRECONDITION_FAILED', `invalid arg '${key}' for ${queue}: ${fault}`);
  const typeField = queueArguments.get('x-queue-type');
  if (typeField !== undefined) {
    const fault = oneOf(['classic', 'quorum'], (value) => `"unsupported queue type '${value}'"`)(
      typeField,
      queueArguments,
    );
    if (fault !== undefined) throw fail('x-queue-type', fault);
  }
  const type: QueueType = typeField?.value === 'quorum' ? 'quorum' : 'classic';
  const known = KNOWN_ARGUMENTS[type];
  for (const [key, check] of Object.entries(CHECKS)) {
    const field = queueArguments.get(key);
    if (field === undefined || !known.includes(key)) continue;
    const fault = check(field, queueArguments);
    if (fault !== undefined) throw fail(key, fault);
  }
  for (const key of queueArguments.keys())
    if (ALL_ARGUMENTS.has(key) && !known.includes(key))
      throw new AmqpError(
        'PRECONDITION_FAILED',
        `invalid arg '${key}' for ${queue} of queue type rabbit_${type}_queue`,
      );
  const number = (key: string) => {
    const field = queueArguments.get(key);
    return field === undefined ? undefined : Number(field.value);
  };
  const text = (key: string) => {
    const field = queueArguments.get(key);
    return field === undefined ? undefined : String(field.value);
  };
  return {
    type,
    messageTtl: number('x-message-ttl'),
    expires: number('x-expires'),
    maxLength: number('x-max-length'),
    maxLengthBytes: number('x-max-length-bytes'),
    overflow: text('x-overflow') as Overflow | undefined,
    deadLetterExchange: text('x-dead-letter-exchange'),
    deadLetterRoutingKey: text('x-dead-letter-routing-key'),
    deadLetterStrategy: text('x-dead-letter-strategy') as DeadLetterStrategy | undefined,
    maxPriority: number('x-max-priority'),
    singleActiveConsumer: queueArguments.get('x-single-active-consumer')?.value === true,
    // RabbitMQ takes any value here; what is no number limits nothing.
    deliveryLimit: isNumeric(queueArguments.get('x-delivery-limit')) ? number('x-delivery-limit') : undefined,
  };
}

function isNumeric(field: Field | undefined): boolean {
  return field !== undefined && [...INTEGERS, 'float', 'double', 'timestamp'].includes(field.type);
}
