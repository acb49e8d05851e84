import type { Finding } from './finding.ts';
import type { ApisixPlugins } from './gateway.ts';
import type { Change, ChangeOutcome } from './plan.ts';

/** The ways in which discovery sees what runs; one file each in `discovery/sources/`. */
export const SOURCE_NAMES = ['stack', 'docker', 'ports', 'processes', 'rabbitmq', 'bus', 'registry'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** One thing that speaks for a service, and who says it. `health` is our own question to its address. */
export interface Evidence {
  source: SourceName | 'health';
  /** For people; never holds an argument of a command line that could be a secret. */
  found: string;
}

/** Where something can be reached. */
export interface Address {
  /** A name or an IP address; IPv6 without brackets. */
  host: string;
  port: number;
}

/** What speaks at an address. `silent` accepts connections and says nothing; `other` says what we do not know. */
export type Protocol =
  | 'http'
  | 'tls'
  | 'amqp'
  | 'redis'
  | 'postgresql'
  | 'ssh'
  | 'other'
  | 'silent'
  | 'closed';

/**
 * `healthy`: its health document answers 200, as whom it should be. `starting`, `stopped`, `crashed`, `restarting`: told
 * by its container. `unhealthy`: answers otherwise, or not at all. `absent`: nothing listens where it should.
 * `unknown`: it has no address that could be asked.
 */
export type Condition =
  | 'healthy'
  | 'starting'
  | 'unhealthy'
  | 'restarting'
  | 'crashed'
  | 'stopped'
  | 'absent'
  | 'unknown';

/** One running copy of a service: what all sources know of one container, process or address. */
export interface FoundInstance {
  /** Stable while it runs: `docker:1a2b3c4d5e6f`, `127.0.0.1:8000`, `pid:4242`, or the name that it announced. */
  id: string;
  address: Address | undefined;
  pid: number | undefined;
  /** The id of its container, whole. */
  container: string | undefined;
  version: string | undefined;
  /** Its share of the requests among the instances. */
  weight: number;
  condition: Condition;
  /** Why it is not healthy; empty when it is. */
  reason: string;
  evidence: Evidence[];
  /** What brought the evidence together: `port 8000`, `pid 4242`, `container 1a2b3c4d5e6f`. */
  joinedBy: string[];
}

/**
 * Who brought the service in: `qbtc.yaml`, a label, an announcement on the bus, or nobody: it looks like one.
 * What nobody has brought in gets no route unless it is asked for by name.
 */
export type Origin = 'declared' | 'labelled' | 'announced' | 'guessed';

/** The route that a service has or would have at the gateway. */
export interface FoundRoute {
  /** `declared`: in `qbtc.yaml`, where `qbtc routes sync` sees to it. */
  from: 'declared' | 'label' | 'default';
  uris: string[];
}

/** A service as discovery found it, however many sources saw it. */
export interface FoundService {
  name: string;
  /** Whether the name is its own; false for what goes by the name of another service. */
  ownsName: boolean;
  origin: Origin;
  /** From 0 to 1: how sure it is that this service runs here. See `discovery/confidence.ts`. */
  confidence: number;
  condition: Condition;
  /** The distinct sources that saw it. */
  sources: Evidence['source'][];
  evidence: Evidence[];
  instances: FoundInstance[];
  /** What one source says and another denies. */
  contradictions: string[];
  /** The path of its health document. */
  health: string;
  plugins: ApisixPlugins;
  route: FoundRoute | undefined;
  /** Why it gets no route. */
  unrouted: string;
}

/** What a discovered service has at the gateway: one upstream and one route, both with this id. */
export interface RegisteredService {
  id: string;
  name: string;
  uris: string[];
  plugins: ApisixPlugins;
  /** The path of its health document. */
  health: string;
  /** Who brought it in: a source, or somebody who named it. */
  voucher: 'docker' | 'bus' | 'registry' | 'named';
  /** None while no instance is well: its route answers 503. */
  nodes: (Address & { weight: number })[];
}

/** Something that listens and is no service. */
export interface FoundListener {
  address: Address;
  pid: number | undefined;
  program: string | undefined;
  protocol: Protocol;
  found: string;
}

/** What became of asking one source. */
export interface SourceReport {
  source: SourceName;
  /** `absent`: this machine or stack has no such thing. `failed`: it has, and it cannot be read now. */
  state: 'asked' | 'absent' | 'failed';
  /** Why not; empty when it was asked. */
  reason: string;
  /** How many things it has seen. */
  sightings: number;
}

/** One look around. */
export interface Discovery {
  stack: string;
  /** ISO 8601. */
  takenAt: string;
  services: FoundService[];
  others: FoundListener[];
  sources: SourceReport[];
  /** Labels that are wrong, names and paths that two claim. */
  findings: Finding[];
}

/** What `discover --watch` tells: one thing that has changed. */
export interface ServiceChange {
  /** ISO 8601. */
  time: string;
  /**
   * `damped`: it comes and goes, and is left alone until it stays. `settled`: it has stayed. `draining`: it is being
   * stopped and gets no further requests. `gone`: its route is removed, too. `refused`: it gets no route, as a label is
   * wrong, or as somebody else has its name or path.
   */
  change:
    | 'appeared'
    | 'healthy'
    | 'unhealthy'
    | 'changed'
    | 'crashed'
    | 'draining'
    | 'gone'
    | 'damped'
    | 'settled'
    | 'refused'
    | 'source-lost'
    | 'source-back';
  /** Empty for a change of a source; for what is refused whoever it is. */
  service: string;
  instance: string;
  reason: string;
}

/** What a registration did, or would do. */
export interface Registration {
  services: FoundService[];
  changes: (Change & { status?: ChangeOutcome['status']; why?: string })[];
  announced: { key: string; name: string; instance: string }[];
  /** `failed`: there was something to say on the bus, and it could not be said. `no-listener`: nobody would understand it. */
  announcing: 'done' | 'no-broker' | 'no-listener' | 'failed';
  /** Why nothing could be said on the bus; empty when it could. */
  unannounced: string;
  /** Of the changes; empty for a dry run. */
  outcomes: ChangeOutcome[];
}
