import type { SourcePlace } from './gateway.ts';
import type { Strategy } from './resource.ts';
import type { ScoreComponent } from './stack.ts';

/** The codes of the checks. Stable: scripts and ignore rules name them. */
export const CHECK_CODES = [
  'INFRA_RESOURCE_ACTIVE',
  'DISCOVERY_SERVICE_FOUND',
  'ROUTES_IN_SYNC',
  'ROUTES_ANSWER',
  'CONNECTIVITY_HOP',
  'TOPOLOGY_IN_SYNC',
  'MONITORING_LOG_LINES',
  'MONITORING_HEALTH_DETAILS',
  'MONITORING_METRICS',
] as const;
export type CheckCode = (typeof CHECK_CODES)[number];

/** How bad a lost check is, whatever its points: `critical` stops requests, `major` some, `minor` none. */
export const SEVERITIES = ['critical', 'major', 'minor'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * By which rules a stack is judged. `qbtc`: all that `qbtc new` brings is asked for. `foreign`: what the stack declares,
 * and what it does not is out of the total.
 */
export const SCORE_PROFILES = ['qbtc', 'foreign'] as const;
export type ScoreProfile = (typeof SCORE_PROFILES)[number];

/** Why points are missing, and what wins them back. */
export interface Fix {
  why: string;
  /** The resource or service that has to be mended first; the subject itself where nothing else is to blame. */
  cause: string;
  /** The command that wins the points back; where only a person can, `byHand` says in which file. */
  command?: string;
  byHand?: string;
  /** The plan that the command applies, where it does nothing else. */
  applies?: 'routes' | 'topology';
}

export interface CheckResult {
  /** Stable: `INFRA_RESOURCE_ACTIVE`. */
  code: string;
  /** What was checked: a resource, service, route, hop. */
  subject: string;
  severity: Severity;
  points: number;
  max: number;
  status: 'passed' | 'failed' | 'not-measured';
  evidence: string;
  /** For missing points. What was not measured has one where the cause is known. */
  fix?: Fix;
  /** For lost points that `score.ignore` of `qbtc.yaml` sets aside. */
  ignored?: { reason: string; until: string };
  /** Where the subject is declared, or what is to blame for it. */
  place?: SourcePlace;
}

export interface ComponentScore {
  name: ScoreComponent;
  points: number;
  max: number;
  checks: CheckResult[];
}

/** What one command, or one thing done by hand, wins. */
export interface Gain {
  command?: string;
  byHand?: string;
  /** What it mends, the gravest first, and of these the dearest. */
  causes: string[];
  /** Why, as the gravest check of the first cause says. */
  why: string;
  severity: Severity;
  /** Points that come back, those included that could not be measured for the same cause. */
  points: number;
  /** The total after it. */
  predicted: number;
  checks: Pick<CheckResult, 'code' | 'subject' | 'max' | 'status'>[];
}

/** What the stack does not declare, and would be judged by if it did. */
export interface Undeclared {
  code: CheckCode;
  /** The services or routes without it; the stack where it has none at all. */
  subjects: string[];
  /** What is missing. */
  reason: string;
  /** How it is declared. */
  declare: string;
  /** The points that would stand on it, of those that there are now. */
  brings: number;
  /** The total with them, were they won. */
  predicted: number;
}

/** What fails the gate, however many points there are: a declared part that is dead, a flow that failed. */
export interface GateFailure {
  kind: 'dead' | 'flow';
  /** The resource or the instance of a service; or the flow. */
  subject: string;
  state: 'crashed' | 'restarting' | 'stopped' | 'unhealthy' | 'failed';
  reason: string;
}

/** The score. `total` is the sum of the components' points, as shown; what was not measured is never part of it. */
export interface Score {
  stack: string;
  strategy: Strategy;
  profile: ScoreProfile;
  /** ISO 8601, when the snapshot was taken. */
  takenAt: string;
  total: number;
  max: number;
  /** `total` and the lost points that are ignored; equal to it without ignore rules. */
  adjusted: number;
  grade: Grade;
  /** What fails the gate, whatever the points; empty when nothing does. Ignore rules set it aside with the points. */
  failures: GateFailure[];
  components: ComponentScore[];
  /** What can be won back, dearest first. */
  gains: Gain[];
  /** Checks that could not be measured, with the points that stand on them. */
  notMeasured: { code: string; subject: string; max: number; reason: string }[];
  /** What is out of the total, as the stack does not declare it; by the profile `qbtc` only what cannot be asked of a part. */
  undeclared: Undeclared[];
  /** Ignore rules whose end date is past: they do nothing any more. */
  lapsed: IgnoreRule[];
}

export const GRADES = ['A', 'B', 'C', 'D', 'F'] as const;
export type Grade = (typeof GRADES)[number];

/** Sets lost points of a check aside for a time. */
export interface IgnoreRule {
  check: CheckCode;
  /** Only this subject; all when left out. */
  subject?: string | undefined;
  reason: string;
  /** The last day on which it holds, `YYYY-MM-DD`, UTC. */
  until: string;
}

/** One line of the history. */
export interface ScoreRecord {
  /** ISO 8601. */
  takenAt: string;
  /** The commit of the stack's folder; left out where that is no git repository. */
  commit?: string;
  /** Left out in records of versions that knew one only, `qbtc`. */
  profile?: ScoreProfile;
  total: number;
  adjusted: number;
  notMeasured: number;
  components: Record<ScoreComponent, number>;
  lost: { code: string; subject: string; max: number }[];
}

/** What has changed since an earlier score. */
export interface ScoreComparison {
  against: Pick<ScoreRecord, 'takenAt' | 'commit' | 'profile' | 'total' | 'adjusted'>;
  /** Of the adjusted totals; negative when it is lower now. */
  difference: number;
  components: Record<ScoreComponent, number>;
  /** Checks that are lost now and were not then, and the other way round. */
  newlyLost: { code: string; subject: string; max: number }[];
  wonBack: { code: string; subject: string; max: number }[];
}
