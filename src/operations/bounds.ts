import { MAX_PORT, MAX_PORT_BASE } from '../config/ports.ts';
import { FLOOD_MESSAGES, SLOW_LATENCY_MS } from '../model/chaos.ts';

/** A number that an operation is asked with. Commands read it from text and show its default; the schemas judge it. */
export interface Bounds {
  min: number;
  max: number;
  whole: boolean;
}

/** The same, with what it is when it is left out. */
export interface BoundsWithDefault extends Bounds {
  default: number;
}

/** What a number within them is, in words: `a whole number from 1 to 3600`. */
export function withinBounds({ min, max, whole }: Bounds): string {
  return `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
}

// Plain data: the help of a command must not wait for the schemas.

/** Seconds in which each part is to be ready. */
export const READY_TIMEOUT = { min: 1, max: 3600, whole: true, default: 60 } satisfies BoundsWithDefault;
/** The same, while something is mended: what hangs is to be told soon. */
export const HEAL_TIMEOUT = { ...READY_TIMEOUT, default: 30 } satisfies BoundsWithDefault;
/** The same, for services that are paused while messages move. */
export const MIGRATE_TIMEOUT = { min: 1, max: 3600, whole: false, default: 120 } satisfies BoundsWithDefault;
/** Seconds in which each service is to listen when it is started to be looked at. */
export const PROBE_TIMEOUT = { ...READY_TIMEOUT, default: 20 } satisfies BoundsWithDefault;
/** Seconds until waiting is given up. */
export const WAIT_TIMEOUT = { min: 1, max: 86_400, whole: false, default: 60 } satisfies BoundsWithDefault;
/** Where the debugger attaches that `exec --inspect` lets in; Node's own. */
export const INSPECT_PORT = { min: 1, max: MAX_PORT, whole: true, default: 9229 } satisfies BoundsWithDefault;
export const PORT = { min: 1, max: MAX_PORT, whole: true } satisfies Bounds;
export const PORT_BASE = { min: 0, max: MAX_PORT_BASE, whole: true } satisfies Bounds;

/** Points of the score. */
export const POINTS = { min: 0, max: 100, whole: false } satisfies Bounds;
/** Seconds between two looks. */
export const INTERVAL = { min: 1, max: 86_400, whole: false } satisfies Bounds;

export const LOG_LINES = { min: 1, max: 100_000, whole: true, default: 100 } satisfies BoundsWithDefault;
export const TRACES = { min: 1, max: 1000, whole: true, default: 20 } satisfies BoundsWithDefault;
/** Milliseconds that a trace took. */
export const TRACE_DURATION = { min: 0, max: 86_400_000, whole: true } satisfies Bounds;

export const FLOW_REPEATS = { min: 1, max: 10_000, whole: true, default: 1 } satisfies BoundsWithDefault;
export const PARALLEL_FLOWS = { min: 1, max: 64, whole: true } satisfies Bounds;
/** Requests that a consumer may make, and in how many seconds. */
export const CONSUMER_LIMIT = { min: 1, max: 1_000_000_000, whole: true } satisfies Bounds;
export const CONSUMER_WINDOW = { min: 1, max: 86_400, whole: true, default: 60 } satisfies BoundsWithDefault;
/** Requests to the gateway that are in flight at the same time. */
export const CONCURRENCY = { min: 1, max: 256, whole: true } satisfies Bounds;

export const EVENTS = { min: 1, max: 1_000_000_000, whole: true } satisfies Bounds;
export const DEAD_LETTERS = { min: 1, max: 60_000, whole: true, default: 1000 } satisfies BoundsWithDefault;
/** Messages a second. */
export const RATE = { min: 0.01, max: 100_000, whole: false, default: 50 } satisfies BoundsWithDefault;

/** Milliseconds added to each piece of data. */
export const LATENCY = {
  min: 0,
  max: 60_000,
  whole: false,
  default: SLOW_LATENCY_MS,
} satisfies BoundsWithDefault;
/** Milliseconds more or less. */
export const JITTER = { min: 0, max: 60_000, whole: false } satisfies Bounds;
/** Bytes a second. */
export const BANDWIDTH = { min: 1, max: 1_000_000_000, whole: true } satisfies Bounds;
export const SHARE = { min: 0, max: 1, whole: false } satisfies Bounds;
/** Messages. */
export const FLOOD = { ...FLOOD_MESSAGES, whole: true } satisfies BoundsWithDefault;
