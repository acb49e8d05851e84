import { MAX_PORT, MAX_PORT_BASE } from '../config/ports.ts';

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

// Plain data: the help of a command must not wait for the schemas.

/** Seconds in which each part is to be ready. */
export const READY_TIMEOUT = { min: 1, max: 3600, whole: true, default: 60 };
/** The same, while something is mended: what hangs is to be told soon. */
export const HEAL_TIMEOUT = { ...READY_TIMEOUT, default: 30 };
/** The same, for services that are paused while messages move. */
export const MIGRATE_TIMEOUT = { min: 1, max: 3600, whole: false, default: 120 };
export const PORT = { min: 1, max: MAX_PORT, whole: true };
export const PORT_BASE = { min: 0, max: MAX_PORT_BASE, whole: true };

/** Points of the score. */
export const POINTS = { min: 0, max: 100, whole: false };
/** Seconds between two looks. */
export const INTERVAL = { min: 1, max: 86_400, whole: false };

export const LOG_LINES = { min: 1, max: 100_000, whole: true, default: 100 };
export const TRACES = { min: 1, max: 1000, whole: true, default: 20 };
/** Milliseconds that a trace took. */
export const TRACE_DURATION = { min: 0, max: 86_400_000, whole: true };

export const FLOW_REPEATS = { min: 1, max: 10_000, whole: true, default: 1 };
export const PARALLEL_FLOWS = { min: 1, max: 64, whole: true };
/** Requests to the gateway that are in flight at the same time. */
export const CONCURRENCY = { min: 1, max: 256, whole: true };

export const EVENTS = { min: 1, max: 1_000_000_000, whole: true };
export const DEAD_LETTERS = { min: 1, max: 60_000, whole: true, default: 1000 };
/** Messages a second. */
export const RATE = { min: 0.01, max: 100_000, whole: false, default: 50 };

/** Milliseconds. */
export const LATENCY = { min: 0, max: 60_000, whole: false };
/** Bytes a second. */
export const BANDWIDTH = { min: 1, max: 1_000_000_000, whole: true };
export const SHARE = { min: 0, max: 1, whole: false };
export const FLOOD = { min: 1, max: 100_000, whole: true };
