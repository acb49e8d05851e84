import type { ResourceKind } from '../model/resource.ts';

/** Images that are a resource of ours, by the last part of their names. */
const KINDS: readonly (readonly [RegExp, ResourceKind])[] = [
  [/^rabbitmq$/, 'rabbitmq'],
  [/^(redis|valkey|keydb|redis-stack(-server)?|redismod|redislabs|dragonfly)$/, 'redis'],
  [/^(postgres|postgresql|postgis|timescaledb|pgvector|timescaledb-ha)$/, 'postgres'],
  [/^apisix$/, 'apisix'],
];
/** Images that only look at others or stand before them: nobody misses them here. */
const TOOLS: Readonly<Record<string, string>> = {
  adminer: 'qbtc status and any client of the database',
  pgadmin4: 'any client of the database',
  'mongo-express': 'any client of the database',
  phpmyadmin: 'any client of the database',
  'redis-commander': 'qbtc metrics',
  prometheus: 'qbtc metrics --serve',
  grafana: 'qbtc metrics',
  jaeger: 'qbtc trace',
  'all-in-one': 'qbtc trace',
  zipkin: 'qbtc trace',
  loki: 'qbtc logs',
  promtail: 'qbtc logs',
  filebeat: 'qbtc logs',
  logstash: 'qbtc logs',
  kibana: 'qbtc logs',
  dozzle: 'qbtc logs',
  watchtower: 'qbtc up',
  portainer: 'qbtc status',
  'portainer-ce': 'qbtc status',
};
/** Gateways that are not ours: their routes become ours where they can be read. */
const GATEWAYS = /^(traefik|kong|nginx|caddy|haproxy|envoy|krakend|apache|httpd)$/;

/** `ghcr.io/acme/api:1.2@sha256:…` → `api`. */
export function imageName(image: string): string {
  const [path = ''] = image.split('@');
  const last = path.slice(path.lastIndexOf('/') + 1);
  return last.split(':')[0]?.toLowerCase() ?? '';
}

export function kindOfImage(image: string): ResourceKind | undefined {
  const name = imageName(image);
  return KINDS.find(([pattern]) => pattern.test(name))?.[1];
}

/** What does the same here; `undefined` where the image is more than a tool. */
export function insteadOfTool(image: string): string | undefined {
  const name = imageName(image);
  return Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
}

export function isGatewayImage(image: string): boolean {
  return GATEWAYS.test(imageName(image));
}

const SCHEMES: Readonly<Record<string, ResourceKind>> = {
  amqp: 'rabbitmq',
  amqps: 'rabbitmq',
  redis: 'redis',
  rediss: 'redis',
  postgres: 'postgres',
  postgresql: 'postgres',
  'postgresql+psycopg2': 'postgres',
  'postgresql+asyncpg': 'postgres',
};

/** The kind of resource that such an address leads to. */
export function kindOfScheme(scheme: string): ResourceKind | undefined {
  return Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
}
