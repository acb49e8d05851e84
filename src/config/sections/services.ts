import * as z from 'zod';
import { ROUTE_METHODS } from '../../model/gateway.ts';
import { filled, labels, name, named, path, plugins, port, seconds, whole, written } from '../fields.ts';
import { MAX_REPLICAS } from '../ports.ts';

/** An identifier of PostgreSQL that needs no quotes. */
const SQL_NAME = /^[a-z][a-z0-9_]{0,62}$/;

const routeSchema = z
  .strictObject({
    name: name().describe('Unique in the stack. It is also the id of the route in the gateway.'),
    desc: z.string().optional().describe('What the route is for.'),
    uri: filled('a path').optional().describe('The path: `/v1/models`, or a prefix: `/v1/*`.'),
    uris: z.array(filled('a path')).min(1).optional().describe('Several paths, instead of `uri`.'),
    methods: z.array(z.enum(ROUTE_METHODS)).min(1).optional().describe('HTTP methods; all when left out.'),
    host: filled('a host name').optional().describe('Only requests to this host.'),
    hosts: z.array(filled('a host name')).min(1).optional().describe('Several hosts, instead of `host`.'),
    remote_addr: filled('an address').optional().describe('Only requests from this address or network.'),
    remote_addrs: z
      .array(filled('an address'))
      .min(1)
      .optional()
      .describe('Several addresses, instead of `remote_addr`.'),
    vars: z.array(z.unknown()).optional().describe("Conditions on nginx variables, in APISIX's own form."),
    filter_func: z.string().optional().describe('A Lua function that decides whether the route matches.'),
    priority: whole(-1_000_000, 1_000_000).optional().describe('Among routes that match, the highest wins.'),
    plugins: plugins.optional(),
    plugin_config_id: written(filled('an id')).optional().describe('A plugin config of the gateway to use.'),
    timeout: z
      .strictObject({
        connect: seconds().describe('Seconds to connect.'),
        send: seconds().describe('Seconds between two writes.'),
        read: seconds().describe('Seconds between two reads.'),
      })
      .optional()
      .describe('Deadlines towards the service.'),
    enable_websocket: z.boolean().optional().describe('Let WebSocket upgrades through.'),
    status: z.literal([0, 1]).optional().describe('1: in use (the default). 0: kept, but not matched.'),
    labels: labels.optional(),
  })
  .describe("A route of the gateway to this service, in APISIX's own fields. The upstream is filled in.");

/** AMQP's shortstr. */
const ROUTING_KEY_BYTES = 255;

const routingKeys = (description: string) =>
  z
    .array(
      z
        .string()
        .min(1, { error: 'a routing key' })
        .refine((key) => Buffer.byteLength(key) <= ROUTING_KEY_BYTES, {
          error: `at most ${ROUTING_KEY_BYTES} bytes`,
        }),
    )
    .default([])
    .describe(description);

export const serviceSchema = z
  .strictObject({
    path: filled('a folder').describe('The folder of the service, relative to qbtc.yaml.'),
    entry: filled('a file')
      .optional()
      .describe(
        'The TypeScript or JavaScript file to bundle and run, relative to `path`. Or else `command`.',
      ),
    command: z
      .array(filled('a word of a command line'))
      .min(1, { error: 'a program and its arguments' })
      .optional()
      .describe('A program and its arguments, run in `path` without a shell. Or else `entry`.'),
    port: port().describe('The port that the service listens on, without the port base; it gets it as PORT.'),
    replicas: whole(1, MAX_REPLICAS)
      .default(1)
      .describe('How many instances run. They listen on `port`, `port` + 1, ….'),
    health: path().default('/health').describe('The path of the health document.'),
    metrics: path().default('/metrics').describe('The path of the Prometheus metrics.'),
    database: z
      .strictObject({
        resource: name().describe('The postgres resource.'),
        schema: z
          .string()
          .regex(SQL_NAME, { error: 'lower-case letters, digits and _, a letter first, at most 63' })
          .describe('The schema that the service has all rights on, and no other. A migration creates it.'),
      })
      .optional()
      .describe(
        'A role of its own in a database: in `env`, the references to the resource connect as that role.',
      ),
    events: z
      .strictObject({
        resource: name().describe('The rabbitmq resource.'),
        publishes: routingKeys('Routing keys that it publishes to the exchange `qbtc.topic`.'),
        consumes: routingKeys(
          'Routing keys, or names of queues of the topology, whose messages its instances share. A key without a queue gets one.',
        ),
        subscribes: routingKeys('Routing keys of which each instance gets every message.'),
        account: z
          .boolean()
          .default(true)
          .describe(
            'Whether the service has an account of its own at the broker, with rights on what is named here only: in `env`, the references to the resource connect as that account. It needs a broker with a management API.',
          ),
      })
      .optional()
      .describe('What the service says and hears at the broker.'),
    depends_on: z
      .array(z.string())
      .default([])
      .describe('Resources and services that must be ready before this one starts.'),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a variable name' }),
        // Read as text whatever it looks like (`document.ts`); an editor sees a number or a boolean.
        z.string().meta({ type: ['string', 'number', 'boolean'] }),
      )
      .default({})
      .describe('Environment variables of the service. Values are taken as text, as they are written.'),
    routes: z.array(routeSchema).default([]).describe('Routes through the gateway to this service.'),
    stands_in_for: z
      .string()
      .default('')
      .describe(
        'What the service stands in for, such as `${EXCHANGE:-}`. Where that is empty the service runs as any other; otherwise the real one is there: the service is left out, nobody depends on it, and `${services.NAME.url}` is empty.',
      ),
  })
  .describe('A service of the stack.');

export const services = named(serviceSchema).default({}).describe('The services by name.');
