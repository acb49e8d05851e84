import { isUtf8 } from 'node:buffer';
import { jsonToTable, tableToJson } from '../codec/json.ts';
import type { Properties } from '../codec/properties.ts';
import { AmqpError } from '../errors.ts';
import { Message } from '../message.ts';
import type { Entry } from '../queue/entry.ts';
import type { Queue } from '../queue/queue.ts';
import { assertMay } from './access.ts';
import {
  badRequest,
  exchangeName,
  ManagementError,
  ok,
  type Request,
  type Resource,
  required,
  vhostOf,
} from './resource.ts';

const ACK_MODES = ['ack_requeue_true', 'ack_requeue_false', 'reject_requeue_true', 'reject_requeue_false'];

export const messages: Resource[] = [
  {
    path: '/api/exchanges/:vhost/:name/publish',
    POST: (request) => {
      const { body, account } = request;
      required(body, ['routing_key', 'properties', 'payload', 'payload_encoding']);
      const vhost = vhostOf(request);
      const name = exchangeName(request.path.name);
      const exchange = vhost.exchanges.get(name);
      assertMay(request, 'write', 'exchange', name);
      if (exchange === undefined) throw badRequest(`404 NOT_FOUND - no ${vhost.describe('exchange', name)}`);
      if (exchange.internal)
        throw badRequest(
          `403 ACCESS_REFUSED - cannot publish to internal ${vhost.describe('exchange', name)}`,
        );
      if (typeof body.payload !== 'string') throw badRequest('payload_not_string');
      const payload = decodePayload(body.payload, String(body.payload_encoding));
      const message = messageOf(name, String(body.routing_key), body.properties, payload);
      if (message.userId !== undefined && message.userId !== account.name)
        throw badRequest(
          `406 PRECONDITION_FAILED - user_id property set to '${message.userId}' but authenticated user was '${account.name}'`,
        );
      const queues = vhost.route(exchange, message);
      const outcomes = queues.map((queue) => queue.publish(message));
      if (outcomes.includes('rejected'))
        throw badRequest('rejected Unable to publish message. Check queue limits.');
      return ok({ routed: queues.length > 0 });
    },
  },
  {
    path: '/api/queues/:vhost/:name/get',
    POST: (request) => {
      const { body } = request;
      required(body, ['ackmode', 'count', 'encoding']);
      const vhost = vhostOf(request);
      const mode = String(body.ackmode);
      if (!ACK_MODES.includes(mode)) throw badRequest(`unknown ackmode ${mode}`);
      if (body.encoding !== 'auto' && body.encoding !== 'base64')
        throw badRequest('Unsupported encoding. Please use auto or base64.');
      assertMay(request, 'read', 'queue', request.path.name ?? '');
      const queue = queueToRead(() => vhost.queue(request.path.name ?? '', undefined));
      return ok(fetch(queue, request, mode));
    },
  },
];

/** Fetches and settles messages: `ack_requeue_true` peeks, `…_false` takes. */
function fetch(queue: Queue, { body }: Request, mode: string): Record<string, unknown>[] {
  const taking = mode === 'ack_requeue_false';
  const taken: Entry[] = [];
  const shown: Record<string, unknown>[] = [];
  for (let left = Number(body.count); left > 0; left -= 1) {
    const entry = queue.get(taking);
    if (entry === undefined) break;
    taken.push(entry);
    shown.push(show(queue, entry, body));
  }
  if (mode === 'reject_requeue_false') for (const entry of taken) queue.reject(entry);
  // To peek is to hold the messages and to go away.
  else if (!taking) queue.requeue(taken, mode === 'reject_requeue_true');
  return shown;
}

function show(queue: Queue, entry: Entry, body: Record<string, unknown>): Record<string, unknown> {
  const { message } = entry;
  const truncate = body.truncate === undefined ? message.body.length : Number(body.truncate);
  const payload = message.body.subarray(0, truncate);
  const asText = body.encoding === 'auto' && isUtf8(payload);
  return {
    payload_bytes: message.body.length,
    redelivered: entry.redelivered,
    exchange: message.exchange,
    routing_key: message.routingKey,
    message_count: queue.readyCount,
    properties: propertiesToJson(message.decodeProperties()),
    payload: payload.toString(asText ? 'utf8' : 'base64'),
    payload_encoding: asText ? 'string' : 'base64',
  };
}

/** Without any properties RabbitMQ shows an empty list: it has no other way to write an empty object. */
function propertiesToJson(properties: Properties): Record<string, unknown> | [] {
  if (Object.keys(properties).length === 0) return [];
  return {
    ...properties,
    ...(properties.headers === undefined ? {} : { headers: tableToJson(properties.headers) }),
    ...(properties.timestamp === undefined ? {} : { timestamp: Number(properties.timestamp) }),
  };
}

function messageOf(exchange: string, routingKey: string, given: unknown, payload: Buffer): Message {
  const json = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {};
  const { headers, timestamp, delivery_mode, priority, ...texts } = json;
  const integer = (name: string, value: unknown): number | undefined => {
    if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined;
    throw badRequest(`${name} should be an integer, actually was ${JSON.stringify(value)}`);
  };
  if (headers !== undefined && (typeof headers !== 'object' || headers === null))
    throw badRequest(`headers should be an object, actually was ${JSON.stringify(headers)}`);
  for (const [name, value] of Object.entries(texts))
    if (typeof value !== 'string')
      throw badRequest(`${name} should be a text, actually was ${JSON.stringify(value)}`);
  const properties: Properties = {
    ...(texts as Record<string, string>),
    delivery_mode: integer('delivery_mode', delivery_mode),
    priority: integer('priority', priority),
    ...(headers === undefined ? {} : { headers: jsonToTable(headers as Record<string, unknown>) }),
    ...(timestamp === undefined ? {} : { timestamp: BigInt(integer('timestamp', timestamp) ?? 0) }),
  };
  try {
    return Message.of(exchange, routingKey, properties, payload);
  } catch (thrown) {
    if (thrown instanceof AmqpError) throw badRequest(`${thrown.code} ${thrown.message}`);
    throw badRequest('the properties cannot be encoded');
  }
}

function decodePayload(payload: string, encoding: string): Buffer {
  if (encoding === 'string') return Buffer.from(payload);
  if (encoding === 'base64') return Buffer.from(payload, 'base64');
  throw badRequest(`{unsupported_encoding,<<"${encoding}">>}`);
}

/** This resource goes through a channel in RabbitMQ, so that its errors carry the reply text of one. */
function queueToRead(find: () => Queue): Queue {
  try {
    return find();
  } catch (thrown) {
    if (thrown instanceof AmqpError && thrown.reply === 'NOT_FOUND')
      throw new ManagementError(404, 'not_found', thrown.message);
    if (thrown instanceof AmqpError) throw badRequest(`${thrown.code} ${thrown.message}`);
    throw thrown;
  }
}
