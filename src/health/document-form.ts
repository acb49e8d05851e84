import type { HealthDetail } from '../model/observation.ts';
import { isRecord } from '../record.ts';

/** One form of health documents: a file in `forms/`, and a line in `forms/index.ts`, the particular before the general. */
export interface HealthForm {
  /** As people call it: `Terminus`, `Actuator`. */
  name: string;
  /** The details of a document in this form, none where it has none; `undefined` where it is not in this form. */
  read(document: Readonly<Record<string, unknown>>): HealthDetail[] | undefined;
}

/** What is said of what is well: by us, Spring, Terminus, ASP.NET, health+json, and many others. */
const WELL = new Set([
  ...['healthy', 'ok', 'okay', 'up', 'pass', 'passed', 'passing', 'true', 'alive', 'ready', 'running'],
  ...['connected', 'available', 'online', 'success', 'green', 'good', 'operational', 'reachable', 'open'],
]);
const UNWELL = new Set([
  ...['unhealthy', 'degraded', 'down', 'fail', 'failed', 'failing', 'false', 'error', 'warn', 'dead'],
  ...['disconnected', 'unavailable', 'offline', 'out_of_service', 'red', 'yellow', 'unreachable', 'critical'],
  ...['unknown', 'closed', 'timeout', 'not ready', 'not connected'],
]);

/** Whether a word, or a truth value, says that something is well; `undefined` where it speaks of something else. */
export function wellness(said: unknown): boolean | undefined {
  if (typeof said === 'boolean') return said;
  if (typeof said !== 'string') return undefined;
  const word = said.trim().toLowerCase();
  return WELL.has(word) ? true : UNWELL.has(word) ? false : undefined;
}

/** Under which names the others write why something is not well. */
const REASONS = ['reason', 'message', 'error', 'err', 'output', 'exception', 'description', 'detail'];

/** A detail from an object with its state; `undefined` where that has none. */
export function detailFrom(
  name: string,
  state: unknown,
  more: readonly string[] = [],
): HealthDetail | undefined {
  if (!isRecord(state)) return undefined;
  const status = ['status', 'state', 'healthy', ...more]
    .map((each) => state[each])
    .find((each) => each !== undefined);
  if (typeof status !== 'string' && typeof status !== 'boolean') return undefined;
  // A word that nobody knows is none that says it is well.
  const well = wellness(status) ?? false;
  return { name, well, said: (well ? undefined : reasonIn(state)) ?? String(status) };
}

/** The members of an object that are such states. */
export function detailsIn(states: unknown): HealthDetail[] {
  if (!isRecord(states)) return [];
  return Object.entries(states).flatMap(([name, state]) => detailFrom(name, state) ?? []);
}

function reasonIn(state: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of REASONS) {
    const value = state[name];
    const inside = isRecord(value) ? value.message : value;
    if (typeof inside === 'string' && inside !== '' && wellness(inside) === undefined) return inside;
  }
  const { details } = state;
  return isRecord(details) ? reasonIn(details) : undefined;
}
