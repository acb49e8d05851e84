import type { FlowResult } from './flow.ts';
import type { Choice, ServiceChoice } from './placement.ts';
import type { ChangeOutcome } from './plan.ts';
import type { ProviderName, Strategy } from './resource.ts';
import type { Score } from './score.ts';

/** One step of `up` as it went. Times are milliseconds from the beginning of `up`. */
export interface StepTime {
  name: string;
  /** When all that it waits for was there. */
  startMs: number;
  endMs: number;
  /** The steps that it waited for. */
  after: string[];
}

/** The steps that decided how long `up` took: each began when the one before it had ended. */
export interface Timing {
  steps: StepTime[];
  /** Names of `steps`, in the order of time. */
  critical: string[];
}

/** A service that runs as its code was before. */
export interface Outdated {
  service: string;
  /** Files that have changed, come or gone since, in the folder of the service. */
  files: string[];
}

/** What `up` and `restart` did. */
export interface UpResult {
  stack: string;
  strategy: Strategy;
  choices: Choice[];
  services: ServiceChoice[];
  /** What was started or started anew by this call, in the order in which it became ready. */
  started: string[];
  /** What ran before and was left alone. */
  kept: string[];
  /** What runs with code that has changed since. */
  outdated: Outdated[];
  outcomes: ChangeOutcome[];
  gatewayUrl: string | undefined;
  durationMs: number;
  timing: Timing;
}

/** What `up` is to do with a part: adopt what somebody else runs, or keep, start, or replace what is ours. */
export type UpAction = 'adopt' | 'keep' | 'start' | 'replace';

export interface PlannedResource {
  resource: string;
  provider: ProviderName;
  reason: string;
  /** What is lost by this provider; empty when nothing is. */
  loss: string;
  action: UpAction;
}

export interface PlannedService {
  service: string;
  runs: ServiceChoice['runs'];
  reason: string;
  action: UpAction;
}

/** What `up` would do, as far as it can be told before anything runs. */
export interface UpPlan {
  stack: string;
  strategy: Strategy;
  resources: PlannedResource[];
  services: PlannedService[];
  /** What runs now and would be ended: declared no longer, or to be run by somebody else. */
  ends: string[];
}

/** What `stop` ended. */
export interface StopResult {
  stack: string;
  /** What was ended by this call. */
  stopped: string[];
  /** What runs on and needs something of it. */
  stranded: string[];
}

/** What `down` ended and removed. */
export interface DownResult {
  /** The folder's name: `qbtc.yaml` may be broken. */
  stack: string;
  /** Processes and containers that were ended, in that order. */
  stopped: string[];
  /** Folders and Docker volumes with data that were removed. */
  removed: string[];
}

/** What `secrets rotate` did. */
export interface RotateResult {
  stack: string;
  /** Names of the secrets that have new values. */
  rotated: string[];
  /** What was started anew because it reads them when it starts; nothing when the stack is down. */
  restarted: string[];
  /** What went on as it was. */
  kept: string[];
}

/** One real chat request, and what came back. */
export interface ChatAnswer {
  question: string;
  answer: string;
  /** As the answer names it: `qbtc-offline` is no model, and says so. */
  model: string;
  correlationId: string | undefined;
  durationMs: number;
}

/** One step of the journey. */
export interface DemoStep {
  name: string;
  status: 'done' | 'failed';
  durationMs: number;
  result: string;
}

/** The journey of `demo`. */
export interface DemoResult {
  stack: string;
  steps: DemoStep[];
  /** `undefined` when the journey ended before it. */
  chat: ChatAnswer | undefined;
  flows: FlowResult[];
  score: Score | undefined;
  /** What the score should be at least. */
  target: number;
  /** Why the journey ended early; `undefined` when it did not. */
  failure: unknown;
}
