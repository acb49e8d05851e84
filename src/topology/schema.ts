import * as z from 'zod';
import { POLICY_TARGETS } from '../model/topology.ts';

/**
 * The shape of the topology file. Messages say what is expected; what was found is added where a mistake is reported.
 * What no single field can tell (an unknown exchange in a binding) stands in `rules.ts`.
 */

/** AMQP's shortstr. */
const NAME_BYTES = 255;

const text = z.string({ error: 'text' });
const flag = z.boolean({ error: 'true or false' });
const named = text
  .min(1, { error: 'a name' })
  .refine((value) => Buffer.byteLength(value) <= NAME_BYTES, { error: `at most ${NAME_BYTES} bytes` });
const declaredName = named.refine((value) => !value.startsWith('amq.'), {
  error: 'a name that does not start with "amq.": RabbitMQ keeps those for itself',
});
const argumentsOf = z.record(z.string(), z.unknown(), { error: 'a mapping of arguments' }).default({});

const exchange = z.strictObject(
  {
    name: declaredName,
    type: z.enum(['direct', 'topic', 'fanout', 'headers'], {
      error: 'one of direct, topic, fanout, headers',
    }),
    durable: flag.default(true),
    auto_delete: flag.default(false),
    internal: flag.default(false),
    arguments: argumentsOf,
  },
  { error: 'an exchange: {name, type}' },
);

const queue = z.strictObject(
  {
    name: declaredName,
    durable: flag.default(true),
    auto_delete: flag.default(false),
    arguments: argumentsOf,
    /** Waiting queues, one for each delay in milliseconds: what is sent there comes back when the time is up. */
    retry: z
      .strictObject(
        {
          delays: z
            .array(z.int({ error: 'milliseconds' }).min(1, { error: 'at least 1 ms' }), {
              error: 'a list of milliseconds',
            })
            .min(1, { error: 'at least one delay' }),
        },
        { error: 'retry: {delays: [1000, 10000]}' },
      )
      .optional(),
  },
  { error: 'a queue: {name}' },
);

const expression = text.refine(isExpression, { error: 'a regular expression' });

const policy = z.strictObject(
  {
    name: named,
    pattern: expression,
    'apply-to': z.enum(POLICY_TARGETS, { error: `one of ${POLICY_TARGETS.join(', ')}` }).default('queues'),
    priority: z.int({ error: 'a whole number' }).default(0),
    definition: z
      .record(z.string(), z.unknown(), { error: 'a mapping of settings' })
      .refine((settings) => Object.keys(settings).length > 0, { error: 'at least one setting' }),
  },
  { error: 'a policy: {name, pattern, definition}' },
);

const permission = z.strictObject(
  { user: named, configure: expression, write: expression, read: expression },
  { error: 'a permission: {user, configure, write, read}' },
);

const limit = z.int({ error: 'a whole number' }).min(0, { error: 'a whole number from 0' }).optional();

function isExpression(value: string): boolean {
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}

const binding = z.strictObject(
  {
    source: text.min(1, {
      error: 'an exchange; the default exchange reaches every queue by its name without a binding',
    }),
    destination: named,
    destination_type: z.enum(['queue', 'exchange'], { error: 'queue or exchange' }).default('queue'),
    routing_key: text
      .refine((value) => Buffer.byteLength(value) <= NAME_BYTES, { error: `at most ${NAME_BYTES} bytes` })
      .default(''),
    arguments: argumentsOf,
  },
  { error: 'a binding: {source, destination, routing_key}' },
);

export const topologySchema = z.strictObject({
  exchanges: z.array(exchange, { error: 'a list of exchanges' }).default([]),
  queues: z.array(queue, { error: 'a list of queues' }).default([]),
  bindings: z.array(binding, { error: 'a list of bindings' }).default([]),
  policies: z.array(policy, { error: 'a list of policies' }).default([]),
  permissions: z.array(permission, { error: 'a list of permissions' }).default([]),
  limits: z
    .strictObject({ 'max-queues': limit, 'max-connections': limit }, { error: 'max-queues, max-connections' })
    .default({}),
});

/** The topology file as it is written, before its retry chains are spelled out. */
export type TopologyFile = z.output<typeof topologySchema>;
