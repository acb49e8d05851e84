import type { FlowResult } from './flow.ts';
import type { Measured } from './measured.ts';
import type { Change } from './plan.ts';
import type { ProviderName, ResourceKind, Strategy } from './resource.ts';
import type { ScoreProfile } from './score.ts';

/**
 * Why something is not well, or not the service that it should be. `silent`: nothing answers. `stranger`: its port is held
 * by somebody else. `other-name`: it answers as another service. `status`: it says that it is not well. `page`: a web
 * server's page, where nothing else tells that this is what is meant. `unready`: it runs, and does not show what its
 * readiness asks for.
 */
export type HealthProblem = 'silent' | 'stranger' | 'other-name' | 'status' | 'page' | 'unready';

/** What is wrong with a service that does not answer as it should. */
export interface ServiceProblem {
  kind: HealthProblem;
  /** The status that it gave. */
  status?: number;
  /** A server that it depends on takes its password for wrong, as a check of its health document says. */
  credentialRefused?: true;
}

/** What a health document says of one thing that the service depends on. */
export interface HealthDetail {
  /** As the document calls it; what stands inside another has both names: `db/primary`. */
  name: string;
  well: boolean;
  /** Why it is not well, in its own words; else the word for its state. */
  said: string;
}

/** What `status` says of one resource or service. Infrastructure resources first, in the order of `qbtc.yaml`. */
export interface ResourceObservation {
  name: string;
  kind: ResourceKind | 'service';
  /** `process` for a service that we run from its code, `docker` for one in a container, `external` for one that is adopted. */
  provider: ProviderName | 'process';
  /** `active`: answers its protocol with its credentials (a service: its health document as itself). */
  state: 'active' | 'starting' | 'unhealthy' | 'crashed' | 'stopped';
  /** Why it is not active; empty when it is. */
  reason: string;
  /** Of a service that does not answer as it should. */
  problem?: ServiceProblem;
  /** Its engine does not answer. */
  engineAway?: boolean;
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
  /** What that document tells of what the service depends on, in any form that is known; left out where it tells nothing. */
  details?: HealthDetail[];
}

/** A socket that listens, with the process that holds it where the system lets us see it. */
export interface ListeningSocket {
  host: string;
  port: number;
  pid?: number;
  /** The name of the program, without its arguments. */
  program?: string;
}

/** Where a process stands among the others, as far as the system knows such things. */
export interface ProcessFamily {
  parent?: number;
  /** The ids of the processes that lead its group and its session. */
  group?: number;
  session?: number;
}

/** The local ports that the system gives to outgoing connections: a part that listens among them may find its own taken. */
export interface OutgoingPorts extends PortRange {
  /** Those in between that the system gives to nobody who does not ask for them. */
  reserved: readonly PortRange[];
}

export interface PortRange {
  first: number;
  last: number;
}

/** A process of this machine. */
export interface RunningProcess extends ProcessFamily {
  pid: number;
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
  /** Left out for one that listens nowhere. */
  port?: number;
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
  /** Why no request was sent: none would be harmless, or none that could be made would be taken by the route. */
  untried?: string;
  /** The plugin that let no request through which a probe can make: it asks for what only a client of the stack has. */
  barredBy?: string;
  evidence: string;
}

/** What a service's records look like from outside. */
export interface ServiceTelemetry {
  service: string;
  logLines: {
    read: number;
    /** In the one schema of the stacks that `qbtc new` makes. */
    wellFormed: number;
    firstBroken?: string;
    /** The forms in which they were read, as people call them. */
    forms: string[];
    /** Those in no form, without what goes on with a line before it or was printed before the first. */
    unread: number;
    firstUnread?: string;
  };
  /**
   * The members of `checks` in the health document: `problem` says why they do not count, and is empty when they do. What
   * it tells of dependencies in any form that is known: that form, and how many.
   */
  healthDetails: Measured<{ checks: number; problem: string; form: string; details: number }>;
  /** The metric families in the Prometheus text format; `problem` as above. `absent`: nobody has named the path, and what is there is none. */
  metrics: Measured<{ families: number; problem: string; absent: boolean }>;
}

/** The observed world: status, score and heal read this and nothing else, so the three cannot disagree. */
export interface Snapshot {
  stack: string;
  strategy: Strategy;
  /** By which rules it is to be judged. */
  profile: ScoreProfile;
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

/** What of the resources and services runs now. */
export interface InfrastructureObservation {
  strategy: Strategy;
  supervisor: { pid: number } | undefined;
  resources: ResourceObservation[];
}
