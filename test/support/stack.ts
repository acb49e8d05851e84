import type { Resource } from '../../src/model/resource.ts';
import type { Service, Stack } from '../../src/model/stack.ts';

/** What a service has that says nothing of it. */
export const PLAIN_SERVICE = {
  ports: {},
  replicas: 1,
  health: { kind: 'http', path: '/health' },
  metrics: '/metrics',
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 15_000,
} as const satisfies Partial<Service>;

/** A stack with nothing in it, for tests that fill in what they are about. */
export function emptyStack(root: string, changes: Partial<Stack> = {}): Stack {
  return {
    name: 'acme',
    root,
    file: `${root}/qbtc.yaml`,
    includedFiles: [],
    locate: () => undefined,
    portBase: 0,
    resources: [],
    services: [],
    commands: [],
    gateway: { consumers: [], objects: [], locate: () => undefined },
    topologyFiles: [],
    contractFolders: [],
    events: { exchange: 'qbtc.topic', envelope: 'cloudevents' },
    correlation: {},
    composeFile: `${root}/infrastructure/docker-compose.yml`,
    flowFiles: [],
    discovery: {
      keywords: ['quantum', 'qbtc', 'vigoleon', 'llm', 'api'],
      path: '/api',
      plugins: {},
      grace: 30,
      drain: 5,
      resync: 60,
    },
    logs: { correlation: ['correlation_id', 'correlationId'] },
    score: {
      target: 85,
      weights: { infrastructure: 30, discovery: 25, routes: 20, connectivity: 15, monitoring: 10 },
      ignore: [],
    },
    heal: { below: 70, every: 30, attempts: 3, fallbackPort: 9079 },
    chaos: { allowed: false, experimentFiles: [] },
    secretNames: [],
    askedSecrets: {},
    secrets: {},
    ...changes,
  };
}

/** The PostgreSQL of a stack on the given port. */
export function postgresResource(port: number, password = 'p4ssword'): Resource {
  return {
    name: 'database',
    kind: 'postgres',
    ports: { main: port },
    endpoint: {
      url: `postgresql://acme:${password}@127.0.0.1:${port}/acme`,
      host: '127.0.0.1',
      port,
      user: 'acme',
      password,
      database: 'acme',
    },
  };
}
