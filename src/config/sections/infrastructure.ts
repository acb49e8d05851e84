import * as z from 'zod';
import { memorySize } from '../../memory-size.ts';
import { DEFAULT_EVICTION, DEFAULT_MAX_MEMORY, EVICTION_POLICIES } from '../../model/cache.ts';
import type { ResourceKind } from '../../model/resource.ts';
import { GATEWAY_MODES, PROVIDER_NAMES } from '../../model/resource.ts';
import { FACTS, factsOf } from '../../resources/facts.ts';
import { filled, named, oneOrMore, port, whole, written } from '../fields.ts';
import { migrate, ownName, password, user } from '../identity-fields.ts';
import type { Outline } from '../outline.ts';
import type { PortUse } from '../ports.ts';
import { MAX_WORKERS } from '../ports.ts';
import type { Rule } from '../rule.ts';
import { containerSchema, processSchema } from '../server-fields.ts';

const common = {
  provider: z
    .enum(PROVIDER_NAMES)
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
    user,
    password,
    vhost: z
      .string()
      .regex(/^(?!\.{1,2}$)[A-Za-z0-9_./-]{1,63}$/, { error: 'letters, digits, _, -, . and /' })
      .optional()
      .describe('The vhost of the stack; it is called after the stack when left out.'),
    management_port: portField(management, 'The port of the management API, without the port base.'),
    management_url: filled('a URL')
      .optional()
      .describe('With `provider: external`: the management API. The credentials are those of `url`.'),
  })
  .describe('The message broker. Its vhost is named after the stack.');

const MEMORY_SIZE = 'a size such as 64mb, or 0';

const redisSchema = z
  .strictObject({
    kind: z.literal('redis').describe('A server of the Redis protocol.'),
    ...common,
    port: portField(redis, 'The port, without the port base.'),
    password,
    max_memory: written(z.string().refine((text) => memorySize(text) !== undefined, { error: MEMORY_SIZE }))
      .default(DEFAULT_MAX_MEMORY)
      .describe(
        'What keys and values may take where qbtc runs the server itself (embedded or native): bytes, or with a unit (`64mb`, `1gb`); `0` for no bound.',
      ),
    eviction: z
      .enum(EVICTION_POLICIES)
      .default(DEFAULT_EVICTION)
      .describe(
        'What goes when that is reached. `volatile-lru`: of the keys that expire the one that was not used for longest; `volatile-ttl`: of these the one that expires first; `allkeys-lru`: of all keys the one that was not used for longest; `noeviction`: nothing. Writes are refused when nothing may go.',
      ),
  })
  .describe('The cache. Nothing that must survive is kept in it alone.');

const postgresSchema = z
  .strictObject({
    kind: z.literal('postgres').describe('A PostgreSQL server.'),
    ...common,
    port: portField(postgres, 'The port, without the port base.'),
    user,
    password,
    database: ownName()
      .optional()
      .describe('The database of the stack; it is called after the stack when left out.'),
    databases: z
      .array(ownName())
      .min(1, { error: 'a name at least' })
      .optional()
      .describe(
        'Several databases, which `up` creates: `${resources.NAME.url.DATABASE}` is the address of one. The first is the `database` where that is left out.',
      ),
    migrate,
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
      .enum(GATEWAY_MODES)
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
  .discriminatedUnion('kind', [
    rabbitmqSchema,
    redisSchema,
    postgresSchema,
    apisixSchema,
    processSchema,
    containerSchema,
  ])
  .describe('An infrastructure resource.');

export const infrastructure = named(resourceSchema)
  .default({})
  .describe('The resources by name: `${resources.NAME.url}`.');

export const kindsAreDistinct: Rule = ({ infrastructure }, report) => {
  const firsts = new Map<ResourceKind, string>();
  for (const [name, { kind }] of Object.entries(infrastructure)) {
    const content = kind && factsOf(kind).holds;
    if (kind === undefined || content === undefined) continue;
    const first = firsts.get(kind);
    if (first === undefined) firsts.set(kind, name);
    else {
      const expected = `one of this kind at most: ${first} gets the ${content} of the stack`;
      report(['infrastructure', name, 'kind'], `a second ${kind}`, expected);
    }
  }
};

export const externalHasAddress: Rule = ({ infrastructure }, report) => {
  for (const [name, resource] of Object.entries(infrastructure)) {
    const path = ['infrastructure', name];
    if (resource.provider === 'external') {
      if (resource.url === undefined) {
        report([...path, 'url'], 'nothing', 'the address of the external server', { key: true });
      }
      if (
        resource.kind === 'apisix' &&
        (resource.admin_url === undefined) !== (resource.admin_key === undefined)
      ) {
        const missing = resource.admin_url === undefined ? 'admin_url' : 'admin_key';
        report([...path, missing], 'nothing', 'admin_url and admin_key, both or neither', { key: true });
      }
      for (const key of ['user', 'password', 'vhost', 'database'] as const) {
        if (resource[key] === undefined) continue;
        report([...path, key], `${key} of an external server`, 'none: that of url is used', { key: true });
      }
      continue;
    }
    const isOther = resource.kind === 'process' || resource.kind === 'container';
    for (const key of ['url', 'management_url', 'admin_url', 'admin_key'] as const) {
      if (resource[key] === undefined || (key === 'url' && isOther)) continue;
      const found = 'an address or a key of an external server';
      report([...path, key], found, `"provider: external" beside it, or no ${key}`, { key: true });
    }
  }
};

export const workersAreOurs: Rule = ({ infrastructure }, report) => {
  for (const [name, { kind, provider, workers }] of Object.entries(infrastructure)) {
    if (kind !== 'apisix' || workers === undefined || provider === undefined || provider === 'embedded')
      continue;
    const path = ['infrastructure', name, 'workers'];
    const found = `workers of a gateway with \`provider: ${provider}\`, whose own configuration sets them`;
    report(path, found, '"provider: embedded", or none, beside it, or no workers', { key: true });
  }
};

export const modeIsPossible: Rule = ({ infrastructure }, report) => {
  for (const [name, { kind, provider, mode, file }] of Object.entries(infrastructure)) {
    if (kind !== 'apisix') continue;
    const path = ['infrastructure', name];
    if (mode !== undefined && mode !== 'traditional' && provider !== 'external') {
      const found = `${mode} for a gateway that qbtc starts, which keeps its routes itself`;
      report([...path, 'mode'], found, '"provider: external" beside it, or no mode');
    }
    if ((mode === 'standalone-file') !== (file !== undefined)) {
      const found = file === undefined ? 'nothing' : 'a file that nobody reads';
      report([...path, 'file'], found, 'mode: standalone-file and file, both or neither', { key: true });
    }
  }
};

export function resourcePortUses({ infrastructure, ports: { base = 0 } }: Outline): PortUse[] {
  return Object.entries(infrastructure).flatMap(([name, resource]): PortUse[] => {
    const { kind } = resource;
    if (kind === undefined || resource.provider === 'external') return [];
    const at = ['infrastructure', name];
    const use = (declared: number | undefined, role: string, path: string[]): PortUse[] =>
      declared === undefined
        ? []
        : [{ port: declared + base, declared, holder: `the ${role} port of ${name}`, path }];
    return [
      ...factsOf(kind).ports.flatMap(({ role, key, default: port }) =>
        use(resource[key] ?? port, role, [...at, key]),
      ),
      ...Object.entries(resource.ports ?? {}).flatMap(([role, port]) =>
        use(port, role, [...at, 'ports', role]),
      ),
    ];
  });
}
