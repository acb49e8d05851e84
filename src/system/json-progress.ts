import type { Context, Progress } from '../context.ts';

/** Progress for programs: one JSON object a line on stderr, with the milliseconds since it began. */
export function jsonProgress({ io, clock }: Pick<Context, 'io' | 'clock'>): Progress {
  const begin = clock.monotonic();
  const last = new Map<string, string>();
  const tell = (event: string, name: string, detail?: string) => {
    const said = { event, name, ...(detail === undefined ? {} : { detail }) };
    // Whoever waits says so again and again.
    const text = JSON.stringify(said);
    if (last.get(name) === text) return;
    last.set(name, text);
    io.err(JSON.stringify({ atMs: Math.round(clock.monotonic() - begin), ...said }));
  };
  return {
    step: (name, waitingFor) => tell('step', name, waitingFor),
    done: (name, result) => tell('done', name, result),
    failed: (name, reason) => tell('failed', name, reason),
    stop: () => {},
  };
}
