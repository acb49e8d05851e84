import type { FlowResult } from './flow.ts';
import type { Measured } from './measured.ts';
import type { Change } from './plan.ts';
import type { ProviderName, ResourceKind, Strategy } from './resource.ts';

/** What `status` says of one resource or service. Infrastructure resources first, in the order of `qbtc.yaml`. */
export interface ResourceObservation {
  name: string;
  kind: ResourceKind | 'service';
  /** `process` for a service that we run from its code, `docker` for one in a container. */
  provider: ProviderName | 'process';
  /** `active`: answers its protocol with its credentials (a service: its health document as itself). */
  state: 'active' | 'starting' | 'unhealthy' | 'crashed' | 'stopped';
  /** Why it is not active; empty when it is. */
  reason: string;
  pid: number | undefined;
  /** The fault of `qbtc chaos inject` that keeps it from running. */
  held?: string;
  /** Whether the embedded gateway runs in its place, started by `qbtc heal`. */
  standsIn?: boolean;
  ports: number[];
  /** How often it was started again, by our supervisor or the engine, since it last was well. */
  restarts: number;
  /** The health document of a service, or what the protocol probe found. */
  health: Measured<Record<string, unknown>>;
}

/** A socket that listens, with the process that holds it where the system lets us see it. */
export interface ListeningSocket {
  host: string;
  port: number;
  pid?: number;
  /** The name of the program, without its arguments. */
  program?: string;
}

/** A process of this machine. */
export interface RunningProcess {
  pid: number;
  parent?: number;
  /** The name of the program, without its arguments. */
  program: string;
  /** The command line, as words. May hold secrets: nothing of it is printed as it is. */
  args: string[];
  /** Its working folder, where we may see it. */
  cwd?: string;
  /** The id of the container that it runs in, where the system tells. */
  container?: string;
}

/** A declared service as discovery found it. */
export interface DiscoveredService {
  name: string;
  port: number;
  pid?: number;
  /** The `service` (or `name`) field of the health document. */
  identity?: string;
  healthy: boolean;
  evidence: { source: string; found: string }[];
  /** Why it does not count as found; empty when it does. */
  problem: string;
}

/** How one declared route answered through the gateway. */
export interface RouteAnswer {
  route: string;
  request: string;
  status?: number;
  /** True when the answer came from the route (not the gateway's own 404, 502, 503 or 504). */
  answered: boolean;
  evidence: string;
}

/** What a service's records look like from outside. */
export interface ServiceTelemetry {
  service: string;
  logLines: { read: number; wellFormed: number; firstBroken?: string };
  /** The members of `checks` in the health document. `problem` says why they do not count; empty when they do. */
  healthDetails: Measured<{ checks: number; problem: string }>;
  /** The metric families in the Prometheus text format; `problem` as above. */
  metrics: Measured<{ families: number; problem: string }>;
}

/** The observed world: status, score and heal read this and nothing else, so the three cannot disagree. */
export interface Snapshot {
  stack: string;
  strategy: Strategy;
  /** ISO 8601. */
  takenAt: string;
  supervisor: { pid: number } | undefined;
  resources: ResourceObservation[];
  discovered: Measured<DiscoveredService[]>;
  topologyPlan: Measured<Change[]>;
  routePlan: Measured<Change[]>;
  routeAnswers: Measured<RouteAnswer[]>;
  flows: Measured<FlowResult[]>;
  telemetry: Measured<ServiceTelemetry[]>;
}
