import * as z from 'zod';
import { ROUTE_METHODS } from '../model/gateway.ts';
import { GATEWAY_MODES, PROVIDER_NAMES, STRATEGIES } from '../model/resource.ts';
import { CHECK_CODES } from '../model/score.ts';
import { FACTS } from '../resources/facts.ts';
import { FALLBACK_PORT, MAX_PORT, MAX_PORT_BASE, MAX_REPLICAS, MAX_WORKERS } from './ports.ts';

/**
 * The shape of `qbtc.yaml`, version 1: what each field is called, holds and means, and its default.
 * What no single field can tell (a port that is taken twice, a cycle) stands in `rules.ts`.
 * `describe` texts go into the JSON Schema that editors show.
 */

const NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
const NAME_RULE = 'a name of lower-case letters, digits and hyphens, a letter first';
/** APISIX: `username` of a consumer. */
const CONSUMER_NAME = /^[a-zA-Z0-9_-]{1,100}$/;
/** APISIX: `id` of any object. */
const OBJECT_ID = /^[a-zA-Z0-9_.-]{1,64}$/;

/** An identifier of PostgreSQL that needs no quotes. */
const SQL_NAME = /^[a-z][a-z0-9_]{0,62}$/;

export const name = () => z.string().regex(NAME, { error: NAME_RULE });

/** Text with something in it; a path that leads nowhere is told by the rules. */
export const filled = (what: string) => z.string().min(1, { error: what });

/** A path or a pattern of paths, or several. */
const oneOrMore = (what: string) =>
  z.union([filled(what), z.array(filled(what))], { error: `${what} or a list of them` });

export const filePatterns = () => oneOrMore('a file pattern');

/** The path of a URL. */
const path = () => z.string().regex(/^\//, { error: 'a path that starts with /' });

/** A whole number. `${PORT:-8000}` arrives as text and counts as the number that it spells. */
function whole(min: number, max: number, what = 'a whole number') {
  const error = `${what} from ${min} to ${max}`;
  return z.preprocess(spelledOut, z.int({ error }).min(min, { error }).max(max, { error }));
}

/** A text that looks like a number in YAML: `id: 1` is the id "1", as APISIX takes both. */
function written<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (Number.isSafeInteger(value) ? String(value) : value), schema);
}

function seconds() {
  const error = 'a number of seconds above 0';
  return z.preprocess(spelledOut, z.number({ error }).positive({ error }));
}

function spelledOut(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

const port = () => whole(1, MAX_PORT, 'a port');

/** They become names of files, users and lines of `status`. */
const NAME_MAX = 40;

/** A record by name; the names are the stack's own. */
const named = <V extends z.ZodType>(value: V) =>
  z.record(
    name().refine((text) => text.length <= NAME_MAX, { error: `a name of at most ${NAME_MAX} characters` }),
    value,
  );

const plugins = z
  .record(z.string(), z.record(z.string(), z.unknown()))
  .describe("Plugins by name, each with APISIX's own configuration (`{}` for none).");

const labels = z.record(z.string(), z.string()).describe('Labels of your own; those of qbtc are added.');

const common = {
  provider: z
    .enum(PROVIDER_NAMES, { error: 'docker, native, embedded or external' })
    .optional()
    .describe(
      'Who provides the resource. `external` adopts the server at `url` and never stops it; `docker` runs the service of the compose file that has its name; `native` runs the program that is installed on the machine; `embedded` runs what qbtc brings. Left out, qbtc decides by what the machine has.',
    ),
  url: filled('a URL')
    .optional()
    .describe('With `provider: external`: the address of the server, with its credentials.'),
};

function portField(field: { key: string; default: number }, description: string) {
  return port().default(field.default).describe(description);
}

const [amqp, management] = FACTS.rabbitmq.ports;
const [redis] = FACTS.redis.ports;
const [postgres] = FACTS.postgres.ports;
const [proxy, admin] = FACTS.apisix.ports;

const rabbitmqSchema = z
  .strictObject({
    kind: z.literal('rabbitmq').describe('An AMQP 0-9-1 broker.'),
    ...common,
    port: portField(amqp, 'The AMQP port, without the port base.'),
    management_port: portField(management, 'The port of the management API, without the port base.'),
    management_url: filled('a URL')
      .optional()
      .describe('With `provider: external`: the management API. The credentials are those of `url`.'),
  })
  .describe('The message broker. Its vhost is named after the stack.');

const redisSchema = z
  .strictObject({
    kind: z.literal('redis').describe('A server of the Redis protocol.'),
    ...common,
    port: portField(redis, 'The port, without the port base.'),
  })
  .describe('The cache. Nothing that must survive is kept in it alone.');

const postgresSchema = z
  .strictObject({
    kind: z.literal('postgres').describe('A PostgreSQL server.'),
    ...common,
    port: portField(postgres, 'The port, without the port base.'),
    migrations: oneOrMore('a folder')
      .optional()
      .describe(
        'The folder with the SQL migrations, or a list of folders, relative to qbtc.yaml. All are applied in the order of their names.',
      ),
  })
  .describe('The database server. The stack has one database and one user in it, named after the stack.');

const AUTO_OR_NUMBER = 'auto, or a whole number';

const apisixSchema = z
  .strictObject({
    kind: z.literal('apisix').describe('An API gateway with the Admin API of APISIX.'),
    ...common,
    port: portField(proxy, 'The port that clients talk to, without the port base.'),
    admin_port: portField(admin, 'The port of the Admin API (loopback only), without the port base.'),
    tls_port: port()
      .optional()
      .describe(
        'The port that clients talk to behind TLS, without the port base; left out, there is none. Certificates are `gateway.ssls`.',
      ),
    workers: z
      .union([z.literal('auto'), whole(1, MAX_WORKERS, AUTO_OR_NUMBER)], {
        error: `${AUTO_OR_NUMBER} from 1 to ${MAX_WORKERS}`,
      })
      .optional()
      .describe(
        'How many processes of the embedded gateway serve requests; `auto`: as many as there are processors. 1 when left out.',
      ),
    admin_url: filled('a URL').optional().describe('With `provider: external`: the Admin API.'),
    admin_key: filled('a key').optional().describe('With `provider: external`: the key of the Admin API.'),
    mode: z
      .enum(GATEWAY_MODES, { error: 'traditional, standalone-api or standalone-file' })
      .optional()
      .describe(
        'With `provider: external`: how the gateway is told its routes. `traditional` (the default): object by object through the Admin API, with etcd behind it. `standalone-api`: the whole configuration through the Admin API. `standalone-file`: the file that APISIX reads.',
      ),
    file: filled('a file')
      .optional()
      .describe('With `mode: standalone-file`: the file that APISIX reads, relative to qbtc.yaml.'),
  })
  .describe('The API gateway.');

export const resourceSchema = z
  .discriminatedUnion('kind', [rabbitmqSchema, redisSchema, postgresSchema, apisixSchema])
  .describe('An infrastructure resource.');

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

export const commandSchema = z
  .strictObject({
    description: filled('a sentence').describe('What it does, for `qbtc --help`.'),
    service: name().describe('The service whose environment it gets, and whose folder `entry` is in.'),
    entry: filled('a file').describe(
      'The TypeScript or JavaScript file to bundle and run, relative to the folder of the service. It gets the arguments as they are, in the folder that qbtc was called in; its exit code is that of qbtc.',
    ),
    subcommands: z
      .record(z.string().regex(NAME, { error: NAME_RULE }), z.string())
      .default({})
      .describe('Its own commands and what they do, for completion.'),
  })
  .describe('A command of the stack: `qbtc NAME`. Those of qbtc itself go first.');

const credentialSchema = z
  .strictObject({
    id: written(z.string().regex(OBJECT_ID, { error: 'an id of letters, digits, _ . and -' })).describe(
      'Unique for the consumer.',
    ),
    desc: z.string().optional().describe('What the credential is for.'),
    plugins: plugins.describe('Exactly one authentication plugin: `key-auth: {key: ...}`.'),
    labels: labels.optional(),
  })
  .describe('A credential that the consumer is known by.');

const consumerSchema = z
  .strictObject({
    username: written(
      z.string().regex(CONSUMER_NAME, { error: 'a name of letters, digits, _ and -' }),
    ).describe('Unique in the stack.'),
    desc: z.string().optional().describe('Who the consumer is.'),
    plugins: plugins.optional(),
    credentials: z.array(credentialSchema).optional().describe('What the consumer is known by.'),
    labels: labels.optional(),
  })
  .describe('A consumer of the gateway: somebody who calls the routes.');

/** An object in APISIX's own fields; the gateway's own schema judges them (`qbtc routes validate`). */
const object = (what: string) =>
  z
    .looseObject({
      id: written(
        z.string().regex(OBJECT_ID, { error: 'an id of letters, digits, _ . and -, at most 64' }),
      ).describe('The id in the gateway, unique for its kind.'),
    })
    .describe(`${what}, in APISIX's own fields.`);
const objects = (what: string) => z.array(object(what)).default([]);

/** What a gateway file holds, and `gateway` of qbtc.yaml: the lists of APISIX's own standalone file. */
const gatewayLists = {
  upstreams: objects('An upstream').describe('Upstreams that no service of the stack stands for.'),
  services: objects('A service of the gateway').describe('Services of the gateway.'),
  routes: objects('A route').describe('Routes that belong to no service of the stack.'),
  plugin_configs: objects('A plugin config').describe('Sets of plugins that routes share.'),
  global_rules: objects('A global rule').describe('Plugins that run for every request.'),
  plugin_metadata: objects('The metadata of a plugin').describe(
    'What a plugin is told once for all its uses; the id is the name of the plugin.',
  ),
  ssls: objects('A certificate').describe('Certificates by SNI.'),
  consumers: z.array(consumerSchema).default([]).describe('Who may call the routes.'),
};

/** A file of the gateway's objects (`infrastructure/apisix_conf/*.yaml`). */
export const gatewayFileSchema = z
  .strictObject(gatewayLists)
  .describe('Objects of the gateway, in the form of the standalone file of APISIX.');

/** Points of a component; the rules see to it that they add up. */
const points = (fallback: number, subject: string) =>
  whole(0, 100).default(fallback).describe(`Points of ${subject}.`);

const weightsSchema = z.strictObject({
  infrastructure: points(30, 'the resources: each answers its protocol with its credentials'),
  discovery: points(25, 'the services: each is found, and answers as itself'),
  routes: points(20, 'the routes: nothing to sync, each answers'),
  connectivity: points(15, 'the flows: each hop was seen'),
  monitoring: points(10, 'logs, health details and metrics'),
});

const DAY = /^\d{4}-\d{2}-\d{2}$/;

const ignoreSchema = z.strictObject({
  check: z
    .enum(CHECK_CODES, { error: 'the code of a check' })
    .describe('The code of the check, as `qbtc score` prints it.'),
  subject: filled('a subject').optional().describe('Only this subject of the check; all when left out.'),
  reason: filled('a reason').describe('Why these points may be missing.'),
  until: z
    .string()
    .refine((day) => DAY.test(day) && !Number.isNaN(Date.parse(day)), { error: 'a day, as 2030-12-31' })
    .describe('The last day on which this holds, as 2030-12-31.'),
});

export const stackSchema = z
  .strictObject({
    version: z
      .literal(1, { error: '1, the version of this format' })
      .describe('The version of this format: 1.'),
    name: z
      .string()
      .describe('The name of the stack. Its vhost, its database and what it creates are named after it.'),
    requires: z
      .string()
      .optional()
      .describe(
        'The versions of qbtc that this stack works with, as a semver range. `qbtc down` does not check it.',
      ),
    strategy: z
      .enum(STRATEGIES, { error: 'full_docker, hybrid or fallback' })
      .optional()
      .describe(
        'Forces how the stack is run. `full_docker`: the compose file runs all. `hybrid`: what answers already is adopted, the rest comes from Docker, installed programs, or qbtc itself. `fallback`: no Docker and nothing adopted. Left out, qbtc decides resource by resource.',
      ),
    compose: filled('a file')
      .default('infrastructure/docker-compose.yml')
      .describe(
        'The compose file, relative to qbtc.yaml. Its services are named as the resources and services here.',
      ),
    ports: z
      .strictObject({
        base: whole(0, MAX_PORT_BASE)
          .default(0)
          .describe('Added to every port of this file, so that several stacks live on one machine.'),
      })
      .prefault({})
      .describe('What all ports have in common.'),
    secrets: z
      .array(name())
      .default([])
      .describe('Names of secrets that qbtc generates and keeps in .qbtc/secrets.json: `${secrets.NAME}`.'),
    include: filePatterns()
      .optional()
      .describe(
        'Files with one service each (`service.yaml`): a file pattern, or a list of them, relative to qbtc.yaml.',
      ),
    infrastructure: named(resourceSchema)
      .default({})
      .describe('The resources by name: `${resources.NAME.url}`.'),
    topology: oneOrMore('a file')
      .optional()
      .describe('The file with exchanges, queues and bindings, or a list of files, relative to qbtc.yaml.'),
    services: named(serviceSchema).default({}).describe('The services by name.'),
    commands: named(commandSchema)
      .default({})
      .describe('Commands that the stack adds to qbtc, by name: `qbtc NAME`.'),
    gateway: z
      .strictObject({
        ...gatewayLists,
        files: filePatterns()
          .default('infrastructure/apisix_conf/*.yaml')
          .describe(
            'Files with more of the same lists, relative to qbtc.yaml. Files named config.yaml and config-*.yaml are the configuration of APISIX itself and are left out.',
          ),
      })
      .prefault({})
      .describe('What the gateway holds besides the routes of the services.'),
    discovery: z
      .strictObject({
        keywords: z
          .array(filled('a word'))
          .default(['quantum', 'qbtc', 'vigoleon', 'llm', 'api'])
          .describe(
            'Words of command lines and folders by which `qbtc discover` knows processes worth a look.',
          ),
        path: path()
          .default('/api')
          .describe('Below this path a discovered service gets its route that names no path of its own.'),
        plugins: plugins
          .default({})
          .describe(
            'Plugins on each route that `qbtc discover --register` makes, such as authentication; `qbtc.plugins` of a container come on top and win.',
          ),
        grace: seconds()
          .default(30)
          .describe('Seconds that a crashed service keeps its route, which answers 503 meanwhile.'),
        drain: seconds()
          .default(5)
          .describe(
            'Seconds that a service which is being stopped stays without new requests before its route goes.',
          ),
        resync: seconds()
          .default(60)
          .describe(
            'Seconds after which `qbtc discover --watch` looks at everything anew, whatever it was told.',
          ),
      })
      .prefault({})
      .describe('How services that are not in this file are found and routed.'),
    tracing: z
      .strictObject({
        service: name().describe(
          'The service that takes spans at `/v1/traces` (OTLP over HTTP) and gives them back below `/api/tracing`; every other service gets its address as TRACE_STORE_URL.',
        ),
      })
      .optional()
      .describe('Where the traces of the stack are kept, for `qbtc trace` and the `trace` steps of flows.'),
    flows: filePatterns()
      .optional()
      .describe('The end-to-end tests: a file pattern, or a list of them, relative to qbtc.yaml.'),
    score: z
      .strictObject({
        target: whole(0, 100).default(85).describe('The score that the stack should reach.'),
        weights: weightsSchema
          .prefault({})
          .describe('How the 100 points are shared out among the components.'),
        ignore: z
          .array(ignoreSchema)
          .default([])
          .describe('Lost points that are set aside for a time; the score is shown with and without them.'),
      })
      .prefault({})
      .describe('What `qbtc score` counts.'),
    heal: z
      .strictObject({
        below: whole(0, 100)
          .default(70)
          .describe('`qbtc heal --watch` acts when the score is lower than this.'),
        every: seconds().default(30).describe('Seconds between two looks of `qbtc heal --watch`.'),
        attempts: whole(1, 20)
          .default(3)
          .describe(
            'How often in a row a remedy may fail to help one part before it is given up and quarantined; three times as often within 10 minutes even where it helps.',
          ),
        fallback_port: port()
          .default(FALLBACK_PORT)
          .describe(
            'Where the embedded gateway listens when the gateway stays down; its Admin API on the port before it.',
          ),
      })
      .prefault({})
      .describe('What `qbtc heal` does.'),
    chaos: z
      .strictObject({
        allowed: z
          .boolean({ error: 'true or false' })
          .default(false)
          .describe('Whether `qbtc chaos` may break this stack on purpose.'),
        experiments: filled('a file pattern')
          .default('chaos/*.yaml')
          .describe('The experiments: a file pattern, relative to qbtc.yaml.'),
      })
      .prefault({})
      .describe('What `qbtc chaos` may do.'),
  })
  .describe('A stack of services with its infrastructure, gateway, topology and tests, driven by qbtc.');

/** `qbtc.yaml` after interpolation and defaults. */
export type StackFile = z.output<typeof stackSchema>;
export type ResourceFile = z.output<typeof resourceSchema>;
export type GatewayFile = z.output<typeof gatewayFileSchema>;
