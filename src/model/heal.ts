/** What can be wrong with a part of the stack, as far as something can be done about it. */
export const PROBLEM_KINDS = [
  /** Nothing of the stack runs: somebody meant it so. */
  'down',
  /** Nobody restarts what crashes: the supervisor is gone. */
  'unsupervised',
  /** The supervisor or the engine is starting it. */
  'recovering',
  /** It does not run: stopped, crashed, or given up by the supervisor. */
  'not-running',
  /** It runs and does not answer, or answers that it is not well. */
  'not-answering',
  /** Somebody else listens at its port. */
  'port-stolen',
  /** A service is refused by a server that knows the password of the stack. */
  'credential-refused',
  /** What qbtc does not run does not answer. */
  'away',
  /** The embedded gateway does the work of this gateway. */
  'stood-in-for',
  /** Every part is well, and a flow stops at this one all the same. */
  'failing',
  'topology-drifted',
  'routes-drifted',
  /** Messages that could be read and were given up while something was away. */
  'dead-letters',
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

/** One thing that is wrong, at its root. */
export interface Problem {
  kind: ProblemKind;
  /** The resource or service; the queue of dead letters. */
  subject: string;
  reason: string;
  /** Parts that are not well because of it. */
  victims: string[];
  /** The fault of `qbtc chaos` that holds it. */
  held?: string;
  /** The status with which its health document says that it is not well. */
  status?: number;
}

export const REMEDY_NAMES = [
  'wait-for-supervisor',
  'take-over',
  'free-port',
  'start',
  'restart',
  'recreate-container',
  'rotate-credential',
  'fallback-gateway',
  'return-to-gateway',
  'apply-topology',
  'sync-routes',
  'replay-dead-letters',
] as const;
export type RemedyName = (typeof REMEDY_NAMES)[number];

/** What `heal` will do about one problem. */
export interface Repair {
  problem: Problem;
  /** Left out where nothing of ours can help. */
  remedy?: RemedyName;
  /** What it costs while it is made. */
  cost?: string;
  /** The same by hand. */
  command?: string;
  /** The flows that pass the subject: they prove that it helped. */
  provenBy: string[];
  /** Points that it should win; 0 where the score does not know the problem. */
  points: number;
  /** Why it is not done. */
  blocked?: string;
  /** Milliseconds to wait before it is tried again. */
  waitMs?: number;
}

/** What became of a repair. `unproven`: it was made, and what it was to mend has not been looked at since. */
export interface RepairOutcome {
  repair: Repair;
  status: 'helped' | 'did-not-help' | 'failed' | 'blocked' | 'unproven';
  /** What was done, or why it was not. */
  said: string;
  tookMs: number;
}

export interface HealResult {
  stack: string;
  before: number;
  /** The adjusted score at the end; left out of a plan. */
  after?: number;
  /** Of a plan: nothing was done. */
  planned: Repair[];
  outcomes: RepairOutcome[];
  /** What is still wrong at the end. */
  left: Problem[];
  /** The flows of the last look. */
  proof: { flow: string; status: 'passed' | 'failed' }[];
  /** What an earlier heal had begun when it was killed. */
  interrupted?: string;
  durationMs: number;
}

/** One line of the audit trail, `.qbtc/heal.jsonl`. */
export interface HealRecord {
  /** ISO 8601. */
  at: string;
  /** Of the heal that wrote it. */
  pid: number;
  event: 'looked' | 'began' | 'did' | 'failed' | 'helped' | 'did-not-help' | 'quarantined';
  remedy?: RemedyName;
  subject?: string;
  problem?: ProblemKind;
  said?: string;
  score?: number;
}

/** What the watch saw or did. */
export type HealWatchEvent =
  | { event: 'watching'; every: number; below: number }
  | { event: 'looked'; unwell: string[] }
  | { event: 'scored'; score: number; below: number; problems: number; acts: boolean }
  | { event: 'healed'; result: HealResult }
  | { event: 'could-not'; reason: string };
