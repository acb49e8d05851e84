import type { QbtcError } from '../errors.ts';
import type { ExperimentReport, FaultKindName } from '../model/chaos.ts';
import type { Discovery, FoundService, ServiceChange } from '../model/discovery.ts';
import type { DeadLetter, SeenEvent } from '../model/event.ts';
import type { Finding } from '../model/finding.ts';
import type { FlowResult } from '../model/flow.ts';
import type { HealRecord, HealResult, HealWatchEvent } from '../model/heal.ts';
import type { LogLine } from '../model/log.ts';
import type { MetricsSnapshot } from '../model/metrics.ts';
import type { ResourceObservation, RouteAnswer } from '../model/observation.ts';
import type { Change, ChangeOutcome } from '../model/plan.ts';
import type { Strategy } from '../model/resource.ts';
import type { CheckCode, Score, ScoreComparison, Severity } from '../model/score.ts';
import type { ScoreComponent } from '../model/stack.ts';
import type { Trace, TraceSummary } from '../model/trace.ts';

/** What will be changed. */
export interface PlanDocument {
  kind: 'plan';
  /** What the plan is about, for the heading: `routes`, `topology`. */
  subject: string;
  stack: string;
  changes: Change[];
  /** What is ours, no longer declared, and stays without `--prune`. */
  leftovers?: Change[];
  /** What is there, not declared and not ours: it stays. */
  unmanaged?: Record<string, string[]>;
  /** What could not be compared. */
  notMeasured?: string[];
}

/** What became of a plan. */
export interface AppliedDocument {
  kind: 'applied';
  subject: string;
  stack: string;
  outcomes: ChangeOutcome[];
  leftovers?: Change[];
  /** What came back through each changed route, where that was asked for. */
  answers?: RouteAnswer[];
}

/** The routes of the gateway. */
export interface RoutesDocument {
  kind: 'routes';
  stack: string;
  routes: {
    id: string;
    methods: string[];
    uris: string[];
    nodes: string[];
    plugins: string[];
    /** Whose it is when it is not ours. */
    owner: string;
    status: 'on' | 'off';
  }[];
}

/** What `routes lint`, `routes validate`, `topology check` or `events validate` found. */
export interface FindingsDocument {
  kind: 'findings';
  subject: string;
  /** What was looked at: `the routes`. */
  about: string;
  stack: string;
  findings: Finding[];
  /** How many objects were looked at, where that is counted. */
  checked?: number;
  notJudged?: string[];
}

/** A text that is what was asked for: a graph, an export, generated types. */
export interface TextDocument {
  kind: 'text';
  stack: string;
  format: string;
  text: string;
  /** Where it was written; printed when left out. */
  file?: string;
}

/** What became of a queue that was migrated. */
export interface MigratedDocument {
  kind: 'migrated';
  stack: string;
  queue: string;
  migrated: boolean;
  messages: number;
  paused: string[];
  outcomes: ChangeOutcome[];
}

/** What has changed in the contracts of the events. */
export interface ContractDiffDocument {
  kind: 'contract-diff';
  stack: string;
  against: string;
  changes: {
    event: string;
    field: string;
    what: string;
    breaks: ('backward' | 'forward')[];
    /** The contract, relative to where the command was given, where it is still there. */
    file?: string;
  }[];
}

/** One event that passed. */
export interface EventDocument extends SeenEvent {
  kind: 'event';
}

/** An event that was published. */
export interface PublishedDocument {
  kind: 'published';
  stack: string;
  id: string;
  type: string;
  correlationId: string;
  exchange: string;
  routingKey: string;
}

/** What became of dead letters. */
export interface ReplayedDocument {
  kind: 'replayed';
  stack: string;
  from: string;
  letters: DeadLetter[];
}

/** What discovery found. */
export interface DiscoveryDocument extends Discovery {
  kind: 'discovery';
  /** Also what listens and is no service. */
  all: boolean;
}

/** All that is known of one service. */
export interface ServiceDocument {
  kind: 'service';
  stack: string;
  /** More than one where rivals claim the name. */
  services: FoundService[];
}

/** What `discover --register` did, or would do. */
export interface RegisteredDocument {
  kind: 'registered';
  stack: string;
  dryRun: boolean;
  services: FoundService[];
  /** At the gateway; without a `status` where nothing was changed. */
  changes: (Change & { status?: ChangeOutcome['status']; why?: string })[];
  /** On the bus. */
  announced: { key: string; name: string; instance: string }[];
  /** Why nothing could be said there; empty when it could. */
  unannounced: string;
  announcing: 'done' | 'no-broker' | 'failed';
  findings: Finding[];
}

/** One change that `discover --watch` has seen. */
export interface ServiceChangeDocument extends ServiceChange {
  kind: 'service-change';
}

/** Which route answers a request. */
export interface ExplanationDocument {
  kind: 'explanation';
  stack: string;
  method: string;
  url: string;
  answer: { id: string; uris: string[]; reason: string } | undefined;
  /** `undecided`: only the order in which the two were made says that the other one answers. */
  others: { id: string; uris: string[]; reason: string; undecided: boolean }[];
}

/** Who may call the routes. */
export interface ConsumersDocument {
  kind: 'consumers';
  stack: string;
  consumers: {
    username: string;
    /** `qbtc.yaml` for a declared one, `command` for one that `consumers add` made. */
    source: 'declared' | 'command';
    credentials: number;
    /** `60 requests in 60 s`; empty for none. */
    limit: string;
    createdAt: string | null;
    rotatedAt: string | null;
    /** Whether the key before the last rotation is still good. */
    previousValid: boolean;
  }[];
}

/** What a gateway holds, as a file. */
export interface DumpDocument {
  kind: 'dump';
  stack: string;
  yaml: string;
  objects: number;
  /** What the gateway does not tell. */
  missing: string[];
  /** Where it was written; printed when left out. */
  file?: string;
}

/** What this machine has for running a stack. */
export interface DoctorDocument {
  kind: 'doctor';
  checks: { name: string; status: 'pass' | 'warning' | 'fail'; found: string; fix: string | null }[];
  /** What `up` would choose; `null` when it would not start. */
  strategy: Strategy | null;
}

/** What `up` would do. */
export interface UpPlanDocument {
  kind: 'up-plan';
  stack: string;
  strategy: Strategy;
  /** Who would provide what, why, what is lost by it (empty: nothing), and what would be done for it. */
  resources: {
    resource: string;
    provider: string;
    reason: string;
    loss: string;
    action: 'adopt' | 'keep' | 'start' | 'replace';
  }[];
  services: {
    service: string;
    runs: 'process' | 'container';
    reason: string;
    action: 'adopt' | 'keep' | 'start' | 'replace';
  }[];
  /** What runs now and would be ended. */
  ends: string[];
}

/** What `up` did. */
export interface UpDocument {
  kind: 'up';
  stack: string;
  strategy: Strategy;
  /** Who provides what, why, and what is lost by it (empty: nothing). */
  choices: { resource: string; provider: string; reason: string; loss: string }[];
  services: { service: string; runs: 'process' | 'container'; reason: string }[];
  started: string[];
  kept: string[];
  /** Services with a command of their own that run with code that has changed since, and the files that have. */
  outdated: { service: string; files: string[] }[];
  outcomes: ChangeOutcome[];
  gatewayUrl: string | undefined;
  durationMs: number;
  /** Where it was asked for: what took how long, and which chain of steps decided it. */
  timing?: {
    steps: { name: string; startMs: number; endMs: number; after: string[] }[];
    critical: string[];
  };
}

export interface DownDocument {
  kind: 'down';
  stack: string;
  stopped: string[];
  /** Folders with data that were removed. */
  removed: string[];
}

/** What `stop` ended. */
export interface StopDocument {
  kind: 'stop';
  stack: string;
  stopped: string[];
  /** What runs on and needs something of it. */
  stranded: string[];
}

/** The secrets of the stack, without their values. */
export interface SecretsDocument {
  kind: 'secrets';
  stack: string;
  secrets: {
    name: string;
    subject: {
      kind: 'resource' | 'keyring' | 'role' | 'account' | 'declared';
      resource?: string;
      service?: string;
    };
    services: string[];
  }[];
}

/** What `secrets rotate` did. */
export interface RotatedDocument {
  kind: 'rotated';
  stack: string;
  rotated: string[];
  restarted: string[];
  kept: string[];
}

/** Every port of the stack. */
export interface PortsDocument {
  kind: 'ports';
  stack: string;
  /** Added to every port, and who says so. */
  portBase: number;
  portBaseFrom: string;
  ports: (PortUse & {
    /** Who provides the resource; `null` for a service, and before the first `up`. */
    provider: string | null;
    /** Who listens on it now, as far as the system says. */
    listener: { program: string | null; pid: number | null } | null;
  })[];
}

export interface StatusDocument {
  kind: 'status';
  stack: string;
  strategy: Strategy;
  supervisor: { pid: number } | undefined;
  resources: ResourceObservation[];
  /** With `--watch`: the last score and its flows, and what heal did last. */
  live?: {
    score?: Pick<Score, 'adjusted' | 'max' | 'grade' | 'failures' | 'takenAt'>;
    /** Why there is no score; empty when there is one. */
    unscored?: string;
    flows: Pick<FlowResult, 'name' | 'status' | 'durationMs'>[];
    heal: HealRecord[];
  };
}

export interface ScoreDocument {
  kind: 'score';
  score: Score;
  /** What the score should be at least: `--min`, or the target of `qbtc.yaml`. */
  target: number;
  /** Milliseconds that it took. */
  tookMs?: number;
  /** Scores before this one, oldest first. */
  history?: { takenAt: string; adjusted: number }[];
  comparison?: ScoreComparison;
}

/** What a check of the score judges. */
export interface CheckDocument {
  kind: 'check';
  code: CheckCode;
  component: ScoreComponent;
  severity: Severity;
  about: string;
}

/** The numbers of the stack. */
export interface MetricsDocument extends MetricsSnapshot {
  kind: 'metrics';
}

/** What `chaos` can do to the stack, and has done. */
export interface ChaosDocument {
  kind: 'chaos';
  stack: string;
  allowed: boolean;
  experiments: { name: string; description: string }[];
  faults: { kind: FaultKindName; about: string; subjects: string[] }[];
  injected: { name: string; at: string }[];
}

export interface InjectedDocument {
  kind: 'injected';
  stack: string;
  fault: string;
}

export interface UndoneDocument {
  kind: 'undone';
  stack: string;
  undone: { fault: string; status: 'done' | 'failed'; reason?: string }[];
}

export interface ExperimentDocument extends ExperimentReport {
  kind: 'experiment';
}

/** What `heal` did, or would do. */
export interface HealDocument extends HealResult {
  kind: 'heal';
}

/** What `heal --watch` saw or did; each is printed as it happens. */
export type HealWatchDocument = {
  kind: 'heal-watch';
  /** ISO 8601. */
  at: string;
} & HealWatchEvent;

export interface FlowsDocument {
  kind: 'flows';
  flows: FlowResult[];
  /** Shows how the requests of a failed flow are sent by hand. */
  curl?: boolean;
  /** Shows the hops of what has passed, too. */
  hops?: boolean;
  /** Flows that were not run, as one before them had failed. */
  left?: number;
}

/** One trace, span by span. */
export interface TraceDocument {
  kind: 'trace';
  stack: string;
  trace: Trace;
}

/** Traces, a line each. */
export interface TracesDocument {
  kind: 'traces';
  stack: string;
  traces: TraceSummary[];
}

export interface LogsDocument {
  kind: 'logs';
  lines: LogLine[];
}

export interface ErrorDocument {
  kind: 'error';
  error: QbtcError;
}

/** What `new` made, and what to do next. */
export interface ScaffoldDocument {
  kind: 'scaffold';
  name: string;
  /** As the user would type it. */
  folder: string;
  portBase: number;
  ports: PortUse[];
  /** What was left out and why: no git, not installed. */
  notices: string[];
  next: { command: string; why: string }[];
}

/** A port of the stack and who listens on it. */
export interface PortUse {
  name: string;
  /** `main`, `management`, `http`. */
  role: string;
  port: number;
}

/** The journey of `demo`. */
export interface DemoDocument {
  kind: 'demo';
  stack: string;
  steps: { name: string; status: 'done' | 'failed'; durationMs: number; result: string }[];
  /** The one real chat request; `undefined` when the journey ended before it. */
  chat: { question: string; answer: string; model: string } | undefined;
  flows: FlowResult[];
  score: Score | undefined;
  target: number;
}

/** Everything that a command can report. A reporter knows each of them. */
export type Document =
  | PlanDocument
  | DoctorDocument
  | UpPlanDocument
  | AppliedDocument
  | RoutesDocument
  | FindingsDocument
  | ExplanationDocument
  | DumpDocument
  | TextDocument
  | MigratedDocument
  | ContractDiffDocument
  | EventDocument
  | PublishedDocument
  | ReplayedDocument
  | ConsumersDocument
  | DiscoveryDocument
  | ServiceDocument
  | RegisteredDocument
  | ServiceChangeDocument
  | UpDocument
  | DownDocument
  | StopDocument
  | SecretsDocument
  | RotatedDocument
  | PortsDocument
  | StatusDocument
  | ScoreDocument
  | CheckDocument
  | HealDocument
  | MetricsDocument
  | ChaosDocument
  | InjectedDocument
  | UndoneDocument
  | ExperimentDocument
  | HealWatchDocument
  | FlowsDocument
  | LogsDocument
  | TraceDocument
  | TracesDocument
  | ErrorDocument
  | ScaffoldDocument
  | DemoDocument;

export type DocumentKind = Document['kind'];
/** The document of one kind. */
export type DocumentOf<Kind extends DocumentKind> = Extract<Document, { kind: Kind }>;
