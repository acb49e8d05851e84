import * as z from 'zod';
import { ROUTE_METHODS } from '../../model/gateway.ts';
import { STOP_SIGNALS } from '../../model/stack.ts';
import { cyclesOf } from '../cycle.ts';
import { envFileSchema } from '../env-file.ts';
import {
  environment,
  filled,
  labels,
  name,
  named,
  path,
  plugins,
  port,
  seconds,
  whole,
  written,
} from '../fields.ts';
import { fieldName, listed, nearest } from '../mistake.ts';
import type { Outline } from '../outline.ts';
import { MAX_REPLICAS, type PortUse, replicaPorts } from '../ports.ts';
import { commandLine, commandLines, readinessSchema } from '../readiness.ts';
import type { Rule } from '../rule.ts';

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
    path: filled('a folder')
      .default('.')
      .describe('The folder of the service, relative to qbtc.yaml; left out, that of qbtc.yaml.'),
    url: filled('a URL')
      .optional()
      .describe(
        'Where the service runs already, such as http://127.0.0.1:8000: it is adopted, and never started or ended. Instead of `entry` and `command`.',
      ),
    entry: filled('a file')
      .optional()
      .describe(
        'The TypeScript or JavaScript file to bundle and run, relative to `path`. Or else `command`.',
      ),
    command: commandLine()
      .optional()
      .describe(
        'A program and its arguments, run in `path` without a shell; `${port}` and `${ports.NAME}` are its own. Or else `entry`.',
      ),
    migrate: commandLines()
      .optional()
      .describe(
        "A program and its arguments, or a list of them, that bring its database up to date (Prisma, Alembic, Flyway, …): run in `path` with the service's environment at each `up`, before it and what depends on it start. They must find done what is done.",
      ),
    port: port()
      .optional()
      .describe(
        'The port that the service listens on, without the port base; it gets it as PORT. Left out for one that listens nowhere, such as a worker.',
      ),
    ports: named(port())
      .default({})
      .describe('Further ports by name, without the port base: `${ports.NAME}` in `command` and `env`.'),
    replicas: whole(1, MAX_REPLICAS)
      .default(1)
      .describe('How many instances run. They listen on `port`, `port` + 1, …; so do those of `ports`.'),
    health: readinessSchema()
      .optional()
      .describe(
        'How it is told that the service is ready: the path of its health document (`/health` when left out), or a mapping. One without a port is ready when it runs.',
      ),
    metrics: z
      .union([path(), z.literal(false)], { error: 'a path that starts with /, or false' })
      .optional()
      .describe('The path of the Prometheus metrics (`/metrics` when left out), or false: it has none.'),
    stop_signal: z.enum(STOP_SIGNALS).default('SIGTERM').describe('What asks it to end.'),
    stop_timeout: seconds()
      .default(15)
      .describe('How many seconds it may take to end, before it is killed with all that it has started.'),
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
        publishes: routingKeys('Routing keys that it publishes to the exchange of `events.exchange`.'),
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
        declares: z
          .union([z.boolean(), z.array(filled('a name')).min(1, { error: 'at least one name' })], {
            error: 'true, false, or a list of names',
          })
          .default(false)
          .describe(
            'Whether the service declares exchanges and queues by itself: `true`, or their names (`*` is any text). Its account may do so, and what it consumes is left to it.',
          ),
      })
      .optional()
      .describe('What the service says and hears at the broker.'),
    depends_on: z
      .array(z.string())
      .default([])
      .describe('Resources and services that must be ready before this one starts.'),
    env_file: envFileSchema()
      .optional()
      .describe(
        'Files of variables, relative to qbtc.yaml, read as compose reads them; later files win over earlier ones, and `env` over all.',
      ),
    env: environment()
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

/** From here on nobody misses in a list that it leaves out the service itself. */
const MANY = 100;

export const dependenciesExist: Rule = ({ services, infrastructure }, report) => {
  const names = [...Object.keys(infrastructure), ...Object.keys(services)];
  const known = new Set(names);
  const all = listed(names);
  for (const [name, { depends_on = [] }] of Object.entries(services)) {
    if (depends_on.every((dependency) => dependency === '' || known.has(dependency))) continue;
    const others = names.length > MANY ? all : listed(names.filter((other) => other !== name));
    for (const [index, dependency] of depends_on.entries()) {
      if (dependency === '' || known.has(dependency)) continue;
      report(
        ['services', name, 'depends_on', index],
        JSON.stringify(dependency),
        `a resource or a service: ${others}`,
        {
          near: () =>
            nearest(
              dependency,
              names.filter((other) => other !== name),
            ),
        },
      );
    }
  }
};

export const dependenciesHaveAnOrder: Rule = ({ services }, report) => {
  const graph = new Map(
    Object.entries(services).map(([name, { depends_on = [] }]) => [
      name,
      depends_on.filter((dependency) => Object.hasOwn(services, dependency)),
    ]),
  );
  for (const cycle of cyclesOf(graph)) {
    // The edge that closes the cycle is the one to look at.
    const [last = '', first = ''] = cycle.slice(-2);
    const index = services[last]?.depends_on?.indexOf(first) ?? 0;
    const found = `the cycle ${cycle.join(' → ')}`;
    report(['services', last, 'depends_on', index], found, 'an order in which they can start');
  }
};

export const rolesHaveDatabases: Rule = ({ services, infrastructure }, report) => {
  const databases = Object.entries(infrastructure)
    .filter(([, { kind }]) => kind === 'postgres')
    .map(([name]) => name);
  for (const [service, { database }] of Object.entries(services)) {
    const named = database?.resource;
    if (named === undefined || databases.includes(named)) continue;
    const expected = databases.length === 0 ? 'a resource of kind postgres' : listed(databases);
    report(['services', service, 'database', 'resource'], JSON.stringify(named), expected, {
      near: () => nearest(named, databases),
    });
  }
};

export const accountsHaveBrokers: Rule = ({ services, infrastructure }, report) => {
  const brokers = Object.entries(infrastructure)
    .filter(([, { kind }]) => kind === 'rabbitmq')
    .map(([name]) => name);
  for (const [service, { events }] of Object.entries(services)) {
    const named = events?.resource;
    if (named === undefined || brokers.includes(named)) continue;
    const expected = brokers.length === 0 ? 'a resource of kind rabbitmq' : listed(brokers);
    report(['services', service, 'events', 'resource'], JSON.stringify(named), expected, {
      near: () => nearest(named, brokers),
    });
  }
};

export const routesAreDistinct: Rule = ({ services }, report) => {
  const holders = new Map<string, string>();
  for (const [service, { routes = [] }] of Object.entries(services)) {
    for (const [index, { name }] of routes.entries()) {
      if (name === undefined) continue;
      const path = ['services', service, 'routes', index, 'name'];
      const holder = holders.get(name);
      if (holder === undefined) holders.set(name, fieldName(path));
      else report(path, JSON.stringify(name), `a name of its own: ${holder} has this one`);
    }
  }
};

export const routesHaveUri: Rule = ({ services }, report) => {
  for (const [service, { routes = [] }] of Object.entries(services)) {
    for (const [index, { uri, uris }] of routes.entries()) {
      const path = ['services', service, 'routes', index];
      if (uri === undefined && uris === undefined) report(path, 'neither uri nor uris', 'one of them');
      if (uri !== undefined && uris !== undefined) {
        report([...path, 'uris'], 'both uri and uris', 'one of them', { key: true });
      }
    }
  }
};

export function servicePortUses({ services, ports: { base = 0 } }: Outline): PortUse[] {
  return Object.entries(services).flatMap(([name, { port, ports = {}, replicas = 1 }]): PortUse[] => {
    if (replicas < 1 || replicas > MAX_REPLICAS) return [];
    const uses = (declared: number | undefined, path: PortUse['path'], what: string): PortUse[] =>
      declared === undefined
        ? []
        : replicaPorts(declared, replicas).map((listening, index) => {
            const holder = index === 0 ? `service ${name}` : `replica ${index + 1} of service ${name}`;
            return { port: listening + base, declared, holder: `${what}${holder}`, path };
          });
    const at = ['services', name];
    return [
      ...uses(port, [...at, 'port'], ''),
      ...Object.entries(ports).flatMap(([called, each]) =>
        uses(each, [...at, 'ports', called], `port ${called} of `),
      ),
    ];
  });
}
