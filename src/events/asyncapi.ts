import { stringify } from 'yaml';
import { EVENT_CONTENT_TYPE } from '../broker/envelope.ts';
import type { EventSettings } from '../model/event.ts';
import type { Participant } from './docs.ts';
import {
  ENVELOPE,
  eventFiles,
  QUEUE,
  ROUTING_KEY,
  routingKeyOf,
  type Schema,
  type SchemaFile,
} from './schema-file.ts';

/** What the document is about. */
export interface Application extends EventSettings {
  title: string;
  version: string;
}

/**
 * An AsyncAPI 3.0 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0): a channel for each routing
 * key, a message for each event, in an envelope of CloudEvents in structured mode where the stack wraps them, and what each
 * service sends and receives.
 */
export function asyncApiOf(
  files: readonly SchemaFile[],
  { title, version, exchange, envelope: wrapping }: Application,
  participants: readonly Participant[] = [],
): string {
  const events = eventFiles(files);
  const isWrapped = wrapping === 'cloudevents';
  const contentType = isWrapped ? EVENT_CONTENT_TYPE : 'application/json';
  const envelope = files.find(({ name }) => name === ENVELOPE);
  const names = new Map(
    files.flatMap(({ schema, name }) => (schema.$id === undefined ? [] : [[schema.$id, name]])),
  );
  const channels: Record<string, unknown> = {};
  const messages: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};
  for (const { name, schema } of files) schemas[name] = portable(schema, name, names);
  for (const { name, schema } of events) {
    messages[name] = {
      name,
      title: schema.title ?? name,
      summary: schema.description ?? '',
      contentType,
      payload: isWrapped
        ? {
            allOf: [
              ...(envelope === undefined ? [] : [{ $ref: '#/components/schemas/envelope' }]),
              {
                type: 'object',
                properties: { type: { const: name }, data: { $ref: `#/components/schemas/${name}` } },
              },
            ],
          }
        : { $ref: `#/components/schemas/${name}` },
      ...(schema.examples === undefined
        ? {}
        : {
            examples: schema.examples.map((data) => ({ payload: isWrapped ? { type: name, data } : data })),
          }),
    };
    const key = routingKeyOf(schema);
    if (key === undefined) continue;
    channels[channelName(key)] = {
      address: key,
      title: name,
      messages: { [name]: { $ref: `#/components/messages/${name}` } },
      bindings: {
        amqp: {
          is: 'routingKey',
          exchange:
            exchange === ''
              ? { name: '', type: 'default' }
              : { name: exchange, type: 'topic', durable: true, autoDelete: false },
          bindingVersion: '0.3.0',
        },
      },
    };
  }
  const operations: Record<string, unknown> = {};
  for (const { service, publishes, consumes } of participants) {
    const add = (action: 'send' | 'receive', keys: readonly string[]) => {
      for (const key of keys) {
        if (channels[channelName(key)] === undefined) continue;
        operations[channelName(`${service}.${action}.${key}`)] = {
          action,
          channel: { $ref: `#/channels/${channelName(key)}` },
          summary: `${service} ${action === 'send' ? 'publishes' : 'consumes'} ${key}`,
        };
      }
    };
    add('send', publishes);
    add('receive', consumes);
  }
  const document = {
    asyncapi: '3.0.0',
    info: { title, version, description: 'Generated from `event-schemas/` by `qbtc events asyncapi`.' },
    defaultContentType: contentType,
    channels,
    operations,
    components: { messages, schemas },
  };
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Channel and operation names hold letters, digits, `_` and `-` only. */
function channelName(key: string): string {
  return key.replace(/[^A-Za-z0-9_-]/g, '_');
}

/** The schema as a component: references by id become references within the document. */
function portable(schema: Schema, name: string, names: ReadonlyMap<string, string>): unknown {
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (key !== '$ref' || typeof inner !== 'string') return [key, move(inner)];
        const other = names.get(inner);
        if (other !== undefined) return [key, `#/components/schemas/${other}`];
        return [key, inner.replace(/^#/, `#/components/schemas/${name}`)];
      }),
    );
  };
  const { $schema: _, $id: __, [ROUTING_KEY]: ___, [QUEUE]: ____, ...rest } = schema;
  return move(rest);
}
