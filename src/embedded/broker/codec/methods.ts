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

/** Where AMQP 0-8 differs from 0-9-1, as RabbitMQ speaks it; what is `undefined` it does not have. */
// biome-ignore format: as above
const CHANGES_0_8: Partial<Record<MethodName, Definition | undefined>> = {
  'connection.close': [10, 60, METHODS['connection.close'][2]],
  'connection.close-ok': [10, 61, []],
  'channel.open-ok': [20, 11, []],
  'basic.consume': [60, 20, METHODS['basic.consume'][2].filter(([name]) => name !== 'arguments')],
  'connection.blocked': undefined, 'connection.unblocked': undefined,
  'connection.update-secret': undefined, 'connection.update-secret-ok': undefined,
  'exchange.bind': undefined, 'exchange.bind-ok': undefined,
  'exchange.unbind': undefined, 'exchange.unbind-ok': undefined,
  'basic.nack': undefined, 'confirm.select': undefined, 'confirm.select-ok': undefined,
};

/** The methods of one version of the protocol. */
export class Dialect {
  /** As `connection.start` says it. */
  readonly version: { versionMajor: number; versionMinor: number };
  private readonly definitions: ReadonlyMap<MethodName, Definition>;
  private readonly names: ReadonlyMap<MethodId, MethodName>;

  constructor(
    version: { versionMajor: number; versionMinor: number },
    changes: Partial<Record<MethodName, Definition | undefined>> = {},
  ) {
    this.version = version;
    const all: Record<string, Definition | undefined> = { ...METHODS, ...changes };
    const known = Object.entries(all).filter(([, definition]) => definition !== undefined);
    this.definitions = new Map(known as [MethodName, Definition][]);
    this.names = new Map(
      [...this.definitions].map(([name, [classId, method]]) => [classId * 0x10000 + method, name]),
    );
  }

  /** The method of an id; `undefined` when the protocol has none. */
  nameOf(id: MethodId): MethodName | undefined {
    return this.names.get(id);
  }

  definitionOf(name: MethodName): Definition {
    const definition = this.definitions.get(name);
    if (definition === undefined) throw new TypeError(`there is no ${name} in this version of AMQP`);
    return definition;
  }
}

export const AMQP_0_9_1 = new Dialect({ versionMajor: 0, versionMinor: 9 });
export const AMQP_0_8 = new Dialect({ versionMajor: 8, versionMinor: 0 }, CHANGES_0_8);

export function methodId(name: MethodName): MethodId {
  const [classId, method] = METHODS[name];
  return classId * 0x10000 + method;
}

/** Class and method id, for `close` methods that name the method at fault. */
export function idsOf(name: MethodName | undefined): { classId: number; methodId: number } {
  if (name === undefined) return { classId: 0, methodId: 0 };
  const [classId, method] = METHODS[name];
  return { classId, methodId: method };
}

/** Reads the arguments of a method whose id has been read already. */
export function readMethod(name: MethodName, reader: Reader, dialect = AMQP_0_9_1): Method {
  // What a version does not have is left as it would be without a wish.
  const fields: Record<string, Kinds[keyof Kinds]> = name === 'basic.consume' ? { arguments: new Map() } : {};
  let bits = 0;
  let bit = 8;
  for (const [field, kind] of dialect.definitionOf(name)[2]) {
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
  dialect = AMQP_0_9_1,
): void {
  const [classId, method, kinds] = dialect.definitionOf(name);
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
