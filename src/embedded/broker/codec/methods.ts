import { AmqpError } from '../errors.ts';
import type { Reader } from './reader.ts';
import { readTable, type Table, writeTable } from './table.ts';
import type { Writer } from './writer.ts';

/** The types that arguments of methods have. Neighbouring bits share octets. */
interface Kinds {
  octet: number;
  short: number;
  long: number;
  longlong: number;
  bit: boolean;
  shortstr: string;
  longstr: Buffer;
  table: Table;
}

type Arguments = readonly (readonly [name: string, kind: keyof Kinds])[];
type Definition = readonly [classId: number, methodId: number, fields: Arguments];

/**
 * The methods of AMQP 0-9-1 with RabbitMQ's extensions, in the order of their arguments on the wire
 * (https://www.rabbitmq.com/resources/specs/amqp0-9-1.extended.xml).
 */
// biome-ignore format: one method a line, as in the specification
const METHODS = {
  'connection.start': [10, 10, [['versionMajor', 'octet'], ['versionMinor', 'octet'], ['serverProperties', 'table'], ['mechanisms', 'longstr'], ['locales', 'longstr']]],
  'connection.start-ok': [10, 11, [['clientProperties', 'table'], ['mechanism', 'shortstr'], ['response', 'longstr'], ['locale', 'shortstr']]],
  'connection.secure': [10, 20, [['challenge', 'longstr']]],
  'connection.secure-ok': [10, 21, [['response', 'longstr']]],
  'connection.tune': [10, 30, [['channelMax', 'short'], ['frameMax', 'long'], ['heartbeat', 'short']]],
  'connection.tune-ok': [10, 31, [['channelMax', 'short'], ['frameMax', 'long'], ['heartbeat', 'short']]],
  'connection.open': [10, 40, [['virtualHost', 'shortstr'], ['capabilities', 'shortstr'], ['insist', 'bit']]],
  'connection.open-ok': [10, 41, [['knownHosts', 'shortstr']]],
  'connection.close': [10, 50, [['replyCode', 'short'], ['replyText', 'shortstr'], ['classId', 'short'], ['methodId', 'short']]],
  'connection.close-ok': [10, 51, []],
  'connection.blocked': [10, 60, [['reason', 'shortstr']]],
  'connection.unblocked': [10, 61, []],
  'connection.update-secret': [10, 70, [['newSecret', 'longstr'], ['reason', 'shortstr']]],
  'connection.update-secret-ok': [10, 71, []],
  'channel.open': [20, 10, [['outOfBand', 'shortstr']]],
  'channel.open-ok': [20, 11, [['channelId', 'longstr']]],
  'channel.flow': [20, 20, [['active', 'bit']]],
  'channel.flow-ok': [20, 21, [['active', 'bit']]],
  'channel.close': [20, 40, [['replyCode', 'short'], ['replyText', 'shortstr'], ['classId', 'short'], ['methodId', 'short']]],
  'channel.close-ok': [20, 41, []],
  'access.request': [30, 10, [['realm', 'shortstr'], ['exclusive', 'bit'], ['passive', 'bit'], ['active', 'bit'], ['write', 'bit'], ['read', 'bit']]],
  'access.request-ok': [30, 11, [['ticket', 'short']]],
  'exchange.declare': [40, 10, [['ticket', 'short'], ['exchange', 'shortstr'], ['type', 'shortstr'], ['passive', 'bit'], ['durable', 'bit'], ['autoDelete', 'bit'], ['internal', 'bit'], ['nowait', 'bit'], ['arguments', 'table']]],
  'exchange.declare-ok': [40, 11, []],
  'exchange.delete': [40, 20, [['ticket', 'short'], ['exchange', 'shortstr'], ['ifUnused', 'bit'], ['nowait', 'bit']]],
  'exchange.delete-ok': [40, 21, []],
  'exchange.bind': [40, 30, [['ticket', 'short'], ['destination', 'shortstr'], ['source', 'shortstr'], ['routingKey', 'shortstr'], ['nowait', 'bit'], ['arguments', 'table']]],
  'exchange.bind-ok': [40, 31, []],
  'exchange.unbind': [40, 40, [['ticket', 'short'], ['destination', 'shortstr'], ['source', 'shortstr'], ['routingKey', 'shortstr'], ['nowait', 'bit'], ['arguments', 'table']]],
  'exchange.unbind-ok': [40, 51, []],
  'queue.declare': [50, 10, [['ticket', 'short'], ['queue', 'shortstr'], ['passive', 'bit'], ['durable', 'bit'], ['exclusive', 'bit'], ['autoDelete', 'bit'], ['nowait', 'bit'], ['arguments', 'table']]],
  'queue.declare-ok': [50, 11, [['queue', 'shortstr'], ['messageCount', 'long'], ['consumerCount', 'long']]],
  'queue.bind': [50, 20, [['ticket', 'short'], ['queue', 'shortstr'], ['exchange', 'shortstr'], ['routingKey', 'shortstr'], ['nowait', 'bit'], ['arguments', 'table']]],
  'queue.bind-ok': [50, 21, []],
  'queue.purge': [50, 30, [['ticket', 'short'], ['queue', 'shortstr'], ['nowait', 'bit']]],
  'queue.purge-ok': [50, 31, [['messageCount', 'long']]],
  'queue.delete': [50, 40, [['ticket', 'short'], ['queue', 'shortstr'], ['ifUnused', 'bit'], ['ifEmpty', 'bit'], ['nowait', 'bit']]],
  'queue.delete-ok': [50, 41, [['messageCount', 'long']]],
  'queue.unbind': [50, 50, [['ticket', 'short'], ['queue', 'shortstr'], ['exchange', 'shortstr'], ['routingKey', 'shortstr'], ['arguments', 'table']]],
  'queue.unbind-ok': [50, 51, []],
  'basic.qos': [60, 10, [['prefetchSize', 'long'], ['prefetchCount', 'short'], ['global', 'bit']]],
  'basic.qos-ok': [60, 11, []],
  'basic.consume': [60, 20, [['ticket', 'short'], ['queue', 'shortstr'], ['consumerTag', 'shortstr'], ['noLocal', 'bit'], ['noAck', 'bit'], ['exclusive', 'bit'], ['nowait', 'bit'], ['arguments', 'table']]],
  'basic.consume-ok': [60, 21, [['consumerTag', 'shortstr']]],
  'basic.cancel': [60, 30, [['consumerTag', 'shortstr'], ['nowait', 'bit']]],
  'basic.cancel-ok': [60, 31, [['consumerTag', 'shortstr']]],
  'basic.publish': [60, 40, [['ticket', 'short'], ['exchange', 'shortstr'], ['routingKey', 'shortstr'], ['mandatory', 'bit'], ['immediate', 'bit']]],
  'basic.return': [60, 50, [['replyCode', 'short'], ['replyText', 'shortstr'], ['exchange', 'shortstr'], ['routingKey', 'shortstr']]],
  'basic.deliver': [60, 60, [['consumerTag', 'shortstr'], ['deliveryTag', 'longlong'], ['redelivered', 'bit'], ['exchange', 'shortstr'], ['routingKey', 'shortstr']]],
  'basic.get': [60, 70, [['ticket', 'short'], ['queue', 'shortstr'], ['noAck', 'bit']]],
  'basic.get-ok': [60, 71, [['deliveryTag', 'longlong'], ['redelivered', 'bit'], ['exchange', 'shortstr'], ['routingKey', 'shortstr'], ['messageCount', 'long']]],
  'basic.get-empty': [60, 72, [['clusterId', 'shortstr']]],
  'basic.ack': [60, 80, [['deliveryTag', 'longlong'], ['multiple', 'bit']]],
  'basic.reject': [60, 90, [['deliveryTag', 'longlong'], ['requeue', 'bit']]],
  'basic.recover-async': [60, 100, [['requeue', 'bit']]],
  'basic.recover': [60, 110, [['requeue', 'bit']]],
  'basic.recover-ok': [60, 111, []],
  'basic.nack': [60, 120, [['deliveryTag', 'longlong'], ['multiple', 'bit'], ['requeue', 'bit']]],
  'confirm.select': [85, 10, [['nowait', 'bit']]],
  'confirm.select-ok': [85, 11, []],
  'tx.select': [90, 10, []],
  'tx.select-ok': [90, 11, []],
  'tx.commit': [90, 20, []],
  'tx.commit-ok': [90, 21, []],
  'tx.rollback': [90, 30, []],
  'tx.rollback-ok': [90, 31, []],
} as const satisfies Record<string, Definition>;

export type MethodName = keyof typeof METHODS;

/** The arguments of one method by name. */
export type MethodFields<Name extends MethodName> = {
  [Field in (typeof METHODS)[Name][2][number] as Field[0]]: Kinds[Field[1]];
};

/** A decoded method, told apart by its name. */
export type Method = { [Name in MethodName]: { name: Name; fields: MethodFields<Name> } }[MethodName];

/** Class and method id in one number, as they stand in a frame. */
export type MethodId = number;

const NAMES = new Map<MethodId, MethodName>(
  (Object.keys(METHODS) as MethodName[]).map((name) => [methodId(name), name]),
);

export function methodId(name: MethodName): MethodId {
  const [classId, method] = METHODS[name];
  return classId * 0x10000 + method;
}

/** The method of an id; `undefined` when the protocol has none. */
export function methodName(id: MethodId): MethodName | undefined {
  return NAMES.get(id);
}

/** Class and method id, for `close` methods that name the method at fault. */
export function idsOf(name: MethodName | undefined): { classId: number; methodId: number } {
  if (name === undefined) return { classId: 0, methodId: 0 };
  const [classId, method] = METHODS[name];
  return { classId, methodId: method };
}

/** Reads the arguments of a method whose id has been read already. */
export function readMethod(name: MethodName, reader: Reader): Method {
  const fields: Record<string, Kinds[keyof Kinds]> = {};
  let bits = 0;
  let bit = 8;
  for (const [field, kind] of METHODS[name][2] as Arguments) {
    if (kind === 'bit') {
      if (bit === 8) {
        bits = reader.octet();
        bit = 0;
      }
      fields[field] = (bits & (1 << bit)) !== 0;
      bit += 1;
      continue;
    }
    bit = 8;
    fields[field] = kind === 'table' ? readTable(reader) : reader[kind]();
  }
  if (reader.remaining > 0) throw new AmqpError('SYNTAX_ERROR', `${name} has more bytes than arguments`);
  return { name, fields } as Method;
}

/** Writes the id and the arguments of a method. */
export function writeMethod<Name extends MethodName>(
  writer: Writer,
  name: Name,
  fields: MethodFields<Name>,
): void {
  const [classId, method, kinds] = METHODS[name] as Definition;
  writer.short(classId);
  writer.short(method);
  const values = fields as Record<string, Kinds[keyof Kinds]>;
  let bits = 0;
  let bit = 0;
  const endBits = () => {
    if (bit > 0) writer.octet(bits);
    bits = 0;
    bit = 0;
  };
  for (const [field, kind] of kinds) {
    const value = values[field];
    if (kind === 'bit') {
      if (value === true) bits |= 1 << bit;
      bit += 1;
      if (bit === 8) endBits();
      continue;
    }
    endBits();
    if (kind === 'table') writeTable(writer, value as Table);
    else if (kind === 'shortstr') writer.shortstr(value as string);
    else if (kind === 'longstr') writer.longstr(value as Buffer);
    else writer[kind](value as number);
  }
  endBits();
}
