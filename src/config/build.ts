import { resolve } from 'node:path';
import {
  type ApisixConsumer,
  DECLARED_KINDS,
  type DeclaredKind,
  type DeclaredObject,
  type GatewayDeclaration,
  type GatewayObject,
} from '../model/gateway.ts';
import type { Resource } from '../model/resource.ts';
import type { Service, ServiceRoute, Stack } from '../model/stack.ts';
import { accountName, roleName } from './endpoints.ts';
import { contractFolders, filesOf } from './files.ts';
import { secretOfAccount, secretOfRole } from './outline.ts';
import { readinessOf } from './readiness.ts';
import type { GatewayFile, StackFile } from './schema.ts';

/** Where the metrics of a service are when nobody says otherwise. */
const METRICS_PATH = '/metrics';

/** What the stack is made of besides the file itself. */
export interface Around {
  root: string;
  /** `qbtc.yaml`, absolute. */
  file: string;
  /** The service files that it includes, absolute. */
  includedFiles: string[];
  resources: Resource[];
  /** The services as the network of the compose file sees them. */
  containedServices: StackFile['services'];
  secrets: Readonly<Record<string, string>>;
  secretNames: string[];
  askedSecrets: Record<string, string>;
  /** Those that `qbtc consumers add` made. */
  consumers: ApisixConsumer[];
  /** What the gateway files hold. */
  gatewayFiles: GatewayFile[];
  locate: Stack['locate'];
  locateInGateway: GatewayDeclaration['locate'];
}

/** The stack as the parts know it: the checked file with absolute paths and the port base. */
export async function buildStack(config: StackFile, around: Around): Promise<Stack> {
  const { root, file, resources, containedServices, secrets, secretNames, askedSecrets } = around;
  const declared = [config.gateway, ...around.gatewayFiles];
  const portBase = config.ports.base;
  return {
    name: config.name,
    root,
    file,
    includedFiles: around.includedFiles,
    locate: around.locate,
    portBase,
    ...(config.strategy === undefined ? {} : { strategy: config.strategy }),
    resources,
    services: Object.entries(config.services).map(([name, service]) =>
      serviceOf(name, service, config.name, containedServices[name]?.env ?? {}, {
        ...around,
        portBase,
      }),
    ),
    commands: Object.entries(config.commands).map(([name, command]) => ({ name, ...command })),
    gateway: {
      consumers: [
        ...declared.flatMap(({ consumers }) =>
          consumers.map((consumer) => defined(consumer) as ApisixConsumer),
        ),
        ...around.consumers,
      ],
      objects: declared.flatMap(objectsOf),
      locate: around.locateInGateway,
    },
    topologyFiles: listOf(config.topology).map((each) => resolve(root, each)),
    contractFolders: await contractFolders(root, listOf(config.contracts)),
    events: config.events,
    correlation: defined(config.correlation),
    composeFile: resolve(root, config.compose),
    flowFiles: await filesOf(root, listOf(config.flows)),
    discovery: config.discovery as Stack['discovery'],
    ...(config.tracing === undefined ? {} : { tracing: config.tracing }),
    logs: { correlation: correlationNames(config) },
    score: config.score,
    heal: {
      below: config.heal.below,
      every: config.heal.every,
      attempts: config.heal.attempts,
      fallbackPort: config.heal.fallback_port + portBase,
    },
    chaos: {
      allowed: config.chaos.allowed,
      experimentFiles: await filesOf(root, [config.chaos.experiments]),
    },
    secrets: { ...secrets },
    secretNames,
    askedSecrets,
  };
}

function objectsOf(lists: GatewayFile): DeclaredObject[] {
  return (Object.keys(DECLARED_KINDS) as DeclaredKind[]).flatMap((kind) =>
    lists[DECLARED_KINDS[kind]].map(({ id, ...object }) => ({ kind, id, object: object as GatewayObject })),
  );
}

function serviceOf(
  name: string,
  service: StackFile['services'][string],
  stack: string,
  containerEnv: Record<string, string>,
  { root, secrets, portBase }: Around & { portBase: number },
): Service {
  const listens = service.port !== undefined || service.url !== undefined;
  return {
    name,
    path: resolve(root, service.path),
    ...(service.entry === undefined ? {} : { entry: service.entry }),
    ...(service.command === undefined ? {} : { command: service.command }),
    ...(service.migrate === undefined ? {} : { migrate: service.migrate }),
    ...(service.url === undefined ? {} : { url: new URL(service.url).origin }),
    ...(service.port === undefined ? {} : { port: service.port + portBase }),
    ports: Object.fromEntries(
      Object.entries(service.ports).map(([called, port]) => [called, port + portBase]),
    ),
    replicas: service.replicas,
    health: readinessOf(service.health, listens),
    ...(service.metrics === false || !listens ? {} : { metrics: service.metrics ?? METRICS_PATH }),
    ...(typeof service.metrics === 'string' && listens ? { metricsAreNamed: true as const } : {}),
    stopSignal: service.stop_signal,
    stopTimeoutMs: service.stop_timeout * 1000,
    dependsOn: [...new Set(service.depends_on)],
    env: service.env,
    containerEnv,
    ...(service.database === undefined
      ? {}
      : {
          database: {
            ...service.database,
            role: roleName(stack, name),
            password: secrets[secretOfRole(name)] ?? '',
          },
        }),
    ...(service.events === undefined
      ? {}
      : {
          events: {
            resource: service.events.resource,
            publishes: service.events.publishes,
            consumes: service.events.consumes,
            subscribes: service.events.subscribes,
            ...(service.events.declares === false ? {} : { declares: service.events.declares }),
            ...(service.events.account
              ? {
                  account: {
                    user: accountName(stack, name),
                    password: secrets[secretOfAccount(name)] ?? '',
                  },
                }
              : {}),
          },
        }),
    routes: service.routes.map((route) => defined(route) as ServiceRoute),
  };
}

/** The field that messages have it in is one of log lines, too, and comes first. */
function correlationNames({ correlation: { field }, logs }: StackFile): string[] {
  return [...new Set([...(field === undefined ? [] : [field]), ...logs.correlation])];
}

function listOf(value: string | readonly string[] = []): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** Without the keys that hold `undefined`: what is sent to a gateway must not have them. */
function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
