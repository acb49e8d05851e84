import type { Socket } from 'node:net';
import type { MetricValues } from '../metrics.ts';
import type { Checks, NodeOutcome } from '../proxy/health.ts';
import type { UpstreamNode } from '../proxy/upstream.ts';
import type { Collection, Entry } from '../state/resources.ts';

/** What makes a process of the program a worker: its first argument. */
export const WORKER_ARGUMENT = 'worker';

/** What a worker is told of the configuration of the gateway; no secret is in it but the key of the tickets. */
export interface WorkerSettings {
  /** Its number, which its log lines carry. */
  worker: number;
  fallback: boolean;
  secretsFolder: string | undefined;
  tlsPort: number | undefined;
  /** Base64, of 48 bytes: TLS sessions go on at whichever worker. */
  ticketKeys: string;
}

/** What is known of a node of an upstream. */
export interface NodeState {
  healthy: boolean;
  /** Whether something has failed there that a success would take back. */
  doubted: boolean;
}

/** What the primary tells a worker. Messages arrive in the order in which they were sent. */
export type ToWorker =
  /** The first one. The entries are all resources, each collection in its order. */
  | { kind: 'begin'; settings: WorkerSettings; entries: Entry[] }
  | { kind: 'change'; collection: Collection; id: string; after: Entry | null }
  /** A connection comes with it, unless it was lost on its way. */
  | { kind: 'connection'; number: number; secure: boolean }
  /** Asks for a word about a connection that was to come before. */
  | { kind: 'missed?'; number: number }
  | { kind: 'counts'; replies: unknown }
  /** In the order of the nodes; empty when nobody watches them any more. */
  | { kind: 'nodes'; upstream: string; states: NodeState[] }
  | { kind: 'event'; name: string; event: unknown }
  /** Asks for the worker's own. */
  | { kind: 'metrics?'; number: number }
  | { kind: 'metrics of all'; number: number; text: string }
  /** Nothing more comes: requests in flight end, and then the worker. */
  | { kind: 'drain' };

/** What a worker tells the primary. */
export type FromWorker =
  /** It serves requests. */
  | { kind: 'ready' }
  /** So many changes have come and are in force. */
  | { kind: 'changed'; count: number }
  /** It has a connection, and now so many. */
  | { kind: 'taken'; number: number; open: number }
  /** It has so many connections: fewer than it said last. */
  | { kind: 'open'; count: number }
  | { kind: 'missed'; number: number }
  | { kind: 'count'; questions: unknown }
  | { kind: 'watch'; upstream: string; checks: Checks; nodes: readonly UpstreamNode[] }
  | { kind: 'unwatch'; upstream: string }
  | { kind: 'outcome'; upstream: string; node: number; outcome: NodeOutcome }
  | { kind: 'event'; name: string; event: unknown }
  | { kind: 'metrics'; number: number; metrics: MetricValues[] }
  | { kind: 'metrics of all?'; number: number };

interface Message {
  kind: string;
}

/** Who takes which message; there is one for each kind. */
export type Handlers<M extends Message> = {
  [Kind in M['kind']]: (message: Extract<M, { kind: Kind }>, socket: Socket | undefined) => void;
};

/** Gives a message to who takes it. One of no known kind is left alone. */
export function dispatch<M extends Message>(handlers: Handlers<M>, message: M, socket?: Socket): void {
  if (!Object.hasOwn(handlers, message.kind)) return;
  const handle = handlers[message.kind as M['kind']];
  handle(message as Parameters<typeof handle>[0], socket);
}
