import fc from 'fast-check';
import type { ApisixConsumer, DeclaredObject } from '../../src/model/gateway.ts';
import type { GatewayMode, Resource } from '../../src/model/resource.ts';
import type { Service, ServiceRoute, Stack } from '../../src/model/stack.ts';
import { emptyStack, PLAIN_SERVICE } from '../support/stack.ts';

/** A stack with nothing in it but what the gateway reads. */
export function stackWith(parts: {
  name?: string;
  services?: Partial<Service>[];
  consumers?: ApisixConsumer[];
  objects?: DeclaredObject[];
  secrets?: Record<string, string>;
  admin?: { url: string; key: string; mode?: GatewayMode; file?: string };
  /** Where the ledger is kept. */
  root?: string;
}): Stack {
  return emptyStack(parts.root ?? '/stack', {
    name: parts.name ?? 'acme',
    resources: parts.admin ? [gatewayResource(parts.admin)] : [],
    services: (parts.services ?? []).map((service, index) => ({
      name: `service-${index}`,
      path: '/stack/service',
      port: 8000 + index * 10,
      ...PLAIN_SERVICE,
      dependsOn: [],
      env: {},
      containerEnv: {},
      routes: [],
      ...service,
    })),
    gateway: {
      consumers: parts.consumers ?? [],
      objects: parts.objects ?? [],
      locate: () => undefined,
    },
    secrets: parts.secrets ?? {},
  });
}

function gatewayResource({
  url,
  key,
  mode,
  file,
}: {
  url: string;
  key: string;
  mode?: GatewayMode;
  file?: string;
}): Resource {
  const endpoint = { url: '', host: '127.0.0.1', port: 0, managementUrl: url, adminKey: key };
  return {
    name: 'gateway',
    kind: 'apisix',
    ports: {},
    endpoint,
    ...(mode === undefined ? {} : { mode }),
    ...(file === undefined ? {} : { standaloneFile: file }),
  };
}

export const LLM_STACK = stackWith({
  services: [
    {
      name: 'llm-api',
      port: 8000,
      replicas: 2,
      routes: [
        {
          name: 'llm-chat',
          uri: '/v1/chat/completions',
          methods: ['POST'],
          plugins: {
            'key-auth': { header: 'authorization', hide_credentials: true },
            'limit-count': { count: 60, time_window: 60, key_type: 'var', key: 'consumer_name' },
          },
        },
        { name: 'llm-models', uri: '/v1/models', methods: ['GET'], plugins: { 'key-auth': {} } },
      ],
    },
    { name: 'quantum-core', port: 8001 },
  ],
  consumers: [
    {
      username: 'app',
      credentials: [{ id: 'app-bearer', plugins: { 'key-auth': { key: 'Bearer app-secret-value' } } }],
    },
    {
      username: 'test',
      plugins: { 'limit-count': { count: 1_000_000, time_window: 60 } },
      credentials: [
        { id: 'test-apikey', plugins: { 'key-auth': { key: 'test-secret-value' } } },
        { id: 'test-bearer', plugins: { 'key-auth': { key: 'Bearer test-secret-value' } } },
      ],
    },
  ],
  secrets: { 'api-key': 'app-secret-value', 'test-api-key': 'test-secret-value' },
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);

const plugins = fc.dictionary(
  fc.constantFrom('cors', 'limit-count', 'request-id', 'proxy-rewrite'),
  fc.dictionary(
    fc.constantFrom('count', 'key', 'allow_origins', 'headers'),
    fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.array(fc.string(), { maxLength: 2 })),
    { maxKeys: 3 },
  ),
  { maxKeys: 2 },
);

const route: fc.Arbitrary<ServiceRoute> = fc.record(
  {
    name,
    uri: name.map((text) => `/${text}`),
    methods: fc.subarray(['GET', 'POST', 'PUT'], { minLength: 1 }),
    priority: fc.integer({ min: 0, max: 9 }),
    plugins,
  },
  { requiredKeys: ['name', 'uri'] },
);

const consumer = fc.record(
  {
    username: name,
    plugins,
    credentials: fc.uniqueArray(
      fc.record({
        id: name,
        plugins: fc.record({
          'key-auth': fc.record({ key: fc.stringMatching(/^[a-z0-9]{12,20}$/).map((key) => `S3CRET${key}`) }),
        }),
      }),
      { selector: (credential) => credential.id, maxLength: 2 },
    ),
  },
  { requiredKeys: ['username', 'credentials'] },
);

/** Any stack that `desiredGateway` takes. Two of them share names often, so that plans between them are of every kind. */
export const anyStack: fc.Arbitrary<Stack> = fc
  .record({
    services: fc.uniqueArray(fc.record({ name, replicas: fc.integer({ min: 1, max: 3 }) }), {
      selector: (service) => service.name,
      maxLength: 4,
    }),
    routes: fc.uniqueArray(fc.tuple(fc.nat(3), route), { selector: ([, { name: id }]) => id, maxLength: 8 }),
    consumers: fc.uniqueArray(consumer, { selector: (each) => each.username, maxLength: 3 }),
  })
  .map(({ services, routes, consumers }) =>
    stackWith({
      services: services.map((service, index) => ({
        ...service,
        routes: routes.filter(([at]) => at === index).map(([, each]) => each),
      })),
      consumers,
    }),
  );
