import type { Io } from '../context.ts';
import { systemClock } from './clock.ts';

/** The same, with progress for programs: one JSON object a line on stderr, with the milliseconds since the start. */
export function withJsonProgress(io: Io): Io {
  const begin = systemClock.monotonic();
  const last = new Map<string, string>();
  const tell = (event: string, name: string, detail?: string) => {
    const said = { event, name, ...(detail === undefined ? {} : { detail }) };
    // Whoever waits says so again and again.
    const text = JSON.stringify(said);
    if (last.get(name) === text) return;
    last.set(name, text);
    io.err(JSON.stringify({ atMs: Math.round(systemClock.monotonic() - begin), ...said }));
  };
  const progress = {
    step: (name: string, waitingFor?: string) => tell('step', name, waitingFor),
    done: (name: string, result?: string) => tell('done', name, result),
    failed: (name: string, reason: string) => tell('failed', name, reason),
    stop: () => {},
  };
  return { ...io, progress };
}
