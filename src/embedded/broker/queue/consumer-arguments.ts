import type { Field, FieldType, Table } from '../codec/table.ts';
import { AmqpError } from '../errors.ts';
import type { QueueType } from './arguments.ts';

const INTEGERS: readonly FieldType[] = [
  'byte',
  'short',
  'signedint',
  'long',
  'unsignedbyte',
  'unsignedshort',
  'unsignedint',
];

/** Gives what is wrong with the value of an argument that RabbitMQ knows, as it prints it. */
const CHECKS: Readonly<Record<string, (field: Field) => string | undefined>> = {
  'x-priority': ({ type }) => (INTEGERS.includes(type) ? undefined : `"expected integer, got ${type}"`),
  'x-cancel-on-ha-failover': ({ type }) => (type === 'bool' ? undefined : `{unacceptable_type,${type}}`),
};

/** What consumers of each type of queue may be given; those of the other types are refused, unknown ones ignored. */
const KNOWN: Readonly<Record<QueueType, readonly string[]>> = {
  classic: ['x-cancel-on-ha-failover', 'x-priority', 'x-credit'],
  quorum: ['x-priority', 'x-credit'],
};
const OF_STREAMS = ['x-stream-offset'];
const ALL = new Set([...KNOWN.classic, ...KNOWN.quorum, ...OF_STREAMS]);

/** The priority that a consumer asks for; 0 without. Throws PRECONDITION_FAILED for arguments that the queue has no use for. */
export function consumerPriority(queue: string, type: QueueType, consumerArguments: Table): number {
  const known = KNOWN[type];
  const fail = (key: string, fault: string) =>
    new AmqpError('PRECONDITION_FAILED', `invalid arg '${key}' for ${queue}${fault}`);
  for (const [key, check] of Object.entries(CHECKS)) {
    const field = consumerArguments.get(key);
    const fault = field === undefined || !known.includes(key) ? undefined : check(field);
    if (fault !== undefined) throw fail(key, `: ${fault}`);
  }
  for (const key of consumerArguments.keys())
    if (ALL.has(key) && !known.includes(key)) throw fail(key, ` of queue type rabbit_${type}_queue`);
  return Number(consumerArguments.get('x-priority')?.value ?? 0);
}
