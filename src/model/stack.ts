import type { CorrelationSettings, EventSettings } from './event.ts';
import type { ApisixPlugins, ApisixRoute, GatewayDeclaration, SourcePlace } from './gateway.ts';
import type { Readiness } from './readiness.ts';
import type { Resource, Strategy } from './resource.ts';
import type { IgnoreRule, ScoreProfile } from './score.ts';

/** A route as a service declares it: APISIX's own fields, without what the stack fills in (upstream, labels). */
export type ServiceRoute = ApisixRoute & { name: string };

/** A role of PostgreSQL that one service connects as. */
export interface DatabaseRole {
  /** The resource. */
  resource: string;
  schema: string;
  role: string;
  password: string;
}

/** The events of a service, and the account that it has at the broker, with rights on those only. */
export interface ServiceEvents {
  /** The resource. */
  resource: string;
  /** `env` connects as this account; with that of the stack when left out. */
  account?: { user: string; password: string };
  /** Routing keys that it publishes to the stack's exchange. */
  publishes: string[];
  /** Routing keys, or names of queues, whose messages its instances share among them. */
  consumes: string[];
  /** Routing keys of which each instance gets every message, in a queue of its own. */
  subscribes: string[];
  /**
   * What it declares at the broker by itself: anything, or exchanges and queues of these names (`*` is any text). It
   * declares nothing where left out.
   */
  declares?: true | string[];
}

/** What asks a process to end. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/**
 * A service of the stack as `qbtc.yaml` declares it, after defaults and interpolation. `command` and `env` hold marks where
 * an instance fills in ports of its own (`config/own-ports.ts`): `services/service.ts` gives them filled in.
 */
export interface Service {
  name: string;
  /** Absolute. */
  path: string;
  /** Where it runs already, without a path: it is adopted, and never started or ended. */
  url?: string;
  /** The TypeScript or JavaScript file to bundle and run, relative to `path`; or else `command`. */
  entry?: string;
  /** A program and its arguments, run in `path`; no shell. */
  command?: string[];
  /** Where a debugger may attach to its first instance on this machine; Node runs it. */
  inspectPort?: number;
  /** Programs that bring its database up to date, run one after the other before it starts. */
  migrate?: [string, ...string[]][];
  /** With the port base. The replicas listen on `port`, `port + 1`, …. Left out: it listens nowhere, or is adopted. */
  port?: number;
  /** Further ports by name, with the port base; those of the next replica are one higher each. */
  ports: Readonly<Record<string, number>>;
  replicas: number;
  /** How it is told that it is ready. */
  health: Readiness;
  /** The path of the Prometheus metrics; it has none where left out. */
  metrics?: string;
  /** Somebody has named that path for it. */
  metricsAreNamed?: true;
  stopSignal: StopSignal;
  /** How long it may take to end before it is killed. */
  stopTimeoutMs: number;
  /** Names of resources and services that must be ready first. */
  dependsOn: string[];
  env: Record<string, string>;
  /** `env` as it is inside the network of the compose file, where resources are reached by their names. */
  containerEnv: Record<string, string>;
  /** Its own role in a database, with rights on one schema only; `env` connects as that role. */
  database?: DatabaseRole;
  events?: ServiceEvents;
  routes: ServiceRoute[];
  /** Where the gateway reaches the replicas; on the ports of this machine when left out. */
  nodes?: { host: string; port: number }[];
}

/** A command that the stack adds to qbtc. */
export interface StackCommand {
  name: string;
  description: string;
  /** The service whose environment it gets. */
  service: string;
  /** The file to bundle and run, relative to the folder of the service. */
  entry: string;
  /** Its own commands and what they do. */
  subcommands: Record<string, string>;
}

export const SCORE_COMPONENTS = [
  'infrastructure',
  'discovery',
  'routes',
  'connectivity',
  'monitoring',
] as const;
export type ScoreComponent = (typeof SCORE_COMPONENTS)[number];

/** How services that are not in `qbtc.yaml` are found and routed. */
export interface DiscoverySettings {
  /** Words of command lines and folders that make a process worth a look. */
  keywords: string[];
  /** Below it a discovered service gets its route that names no path. */
  path: string;
  /** On each route that discovery makes. */
  plugins: ApisixPlugins;
  /** Seconds that a crashed service keeps its route, which answers 503. */
  grace: number;
  /** Seconds that a service which is being stopped stays, without new requests. */
  drain: number;
  /** Seconds between two full looks of `--watch`. */
  resync: number;
}

/** What `qbtc heal` does. */
export interface HealSettings {
  /** The watch acts below this score. */
  below: number;
  /** Seconds between two looks of the watch. */
  every: number;
  /** How often in a row a remedy may fail to help one part before it is given up. */
  attempts: number;
  /** Where the embedded gateway listens when the gateway stays down, with the port base; its Admin API one below. */
  fallbackPort: number;
}

/** Where a port base comes from; `.qbtc`: an earlier `up` kept it. */
export type PortBaseSource = '--port-base' | 'QBTC_PORT_BASE' | '.qbtc' | 'qbtc.yaml';

/** The stack: `qbtc.yaml` with every default, reference and secret filled in. Read once, never written. */
export interface Stack {
  name: string;
  /** The folder of `qbtc.yaml`, absolute. */
  root: string;
  /** `qbtc.yaml`, absolute. */
  file: string;
  /** The service files that it includes, absolute. */
  includedFiles: readonly string[];
  /** Where a resource or a service is declared; `undefined` for what no file declares. */
  locate(part: string): SourcePlace | undefined;
  portBase: number;
  /** Who says so, where it is not `qbtc.yaml`. */
  portBaseFrom?: PortBaseSource;
  /** What `qbtc.yaml` says, where that is another one. */
  declaredPortBase?: number;
  /** Forced by `qbtc.yaml`; otherwise `up` chooses by what the machine has. */
  strategy?: Strategy;
  resources: Resource[];
  services: Service[];
  commands: StackCommand[];
  gateway: GatewayDeclaration;
  /** The topology files, absolute; none when the stack declares none. */
  topologyFiles: readonly string[];
  /** The folders with the contracts of the events, absolute; none when the stack has none. */
  contractFolders: readonly string[];
  events: EventSettings;
  correlation: CorrelationSettings;
  /** The compose file, absolute; it need not be there. */
  composeFile: string;
  /** The flow files, absolute, sorted. */
  flowFiles: string[];
  discovery: DiscoverySettings;
  /** The service that keeps the traces. */
  tracing?: { service: string };
  logs: {
    /** Under which names log lines have the id of a request, the first that is there counts. */
    correlation: string[];
  };
  score: {
    target: number;
    /** By which rules it is judged; what there is decides where it is left out. */
    profile?: ScoreProfile | undefined;
    weights: Record<ScoreComponent, number>;
    ignore: IgnoreRule[];
  };
  heal: HealSettings;
  chaos: {
    allowed: boolean;
    /** The experiment files, absolute, sorted. */
    experimentFiles: string[];
  };
  /** The secrets that `qbtc.yaml` asks for, declared or by its resources and roles. */
  secretNames: string[];
  /** Where those of them are to be had from that qbtc does not make, by name. */
  askedSecrets: Record<string, string>;
  /** The stack's secrets by name, also those that are needed no longer. Never print them; `io` masks these values wherever they appear. */
  secrets: Record<string, string>;
}

/** A port of the stack and the part that listens on it. */
export interface PartPort {
  name: string;
  /** `main`, `management`, `http`. */
  role: string;
  port: number;
}
