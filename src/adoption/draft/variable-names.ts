import type { ResourceKind } from '../../model/resource.ts';

// What the names of variables say of what they hold.

export const PREFIXES: readonly (readonly [RegExp, ResourceKind])[] = [
  [/^((SPRING_)?RABBIT(_?MQ)?|AMQP|BROKER|MQ|CELERY_BROKER|RMQ|RABBITMQ_DEFAULT)$/, 'rabbitmq'],
  [/^((SPRING_(DATA_)?)?REDIS|CACHE)$/, 'redis'],
  [
    /^(PG|PG_DB|POSTGRES(QL)?|DB|DATABASE|TYPEORM|SQL|DB_POSTGRES|POSTGRES_DB|SPRING_DATASOURCE)$/,
    'postgres',
  ],
];
const SUFFIXES: readonly (readonly [
  RegExp,
  'host' | 'port' | 'user' | 'password' | 'database' | 'vhost' | 'url',
])[] = [
  [/_?(URL|URI|DSN|CONNECTION_STRING)$/, 'url'],
  [/_?(VHOST|VIRTUAL_HOST)$/, 'vhost'],
  [/_?(HOST|HOSTNAME|SERVER)$/, 'host'],
  [/_?PORT$/, 'port'],
  [/_?(USER|USERNAME|LOGIN|DEFAULT_USER)$/, 'user'],
  [/_?(PASS|PASSWORD|PWD|DEFAULT_PASS)$/, 'password'],
  [/_?(DATABASE|DATABASE_NAME|DB_NAME|NAME|DB)$/, 'database'],
];
export const FIELDS: Record<ResourceKind, readonly string[]> = {
  rabbitmq: ['host', 'port', 'user', 'password', 'vhost'],
  redis: ['host', 'port', 'password'],
  postgres: ['host', 'port', 'user', 'password', 'database'],
  apisix: ['host', 'port'],
  process: ['host', 'port', 'user', 'password', 'database'],
  container: ['host', 'port', 'user', 'password', 'database'],
};

/** Which kind of resource such a variable speaks of, by its name alone. */
export function kindOfVariable(name: string): ResourceKind | undefined {
  const split = splitName(name);
  if (split === undefined) return undefined;
  const kind = PREFIXES.find(([pattern]) => pattern.test(split.prefix))?.[1];
  return kind !== undefined && (split.field === 'url' || FIELDS[kind].includes(split.field))
    ? kind
    : undefined;
}

export function splitName(name: string): { prefix: string; field: (typeof SUFFIXES)[number][1] } | undefined {
  for (const [pattern, field] of SUFFIXES) {
    const found = pattern.exec(name);
    if (found !== null && found.index > 0) return { prefix: name.slice(0, found.index), field };
  }
  return undefined;
}
