import { type ReadinessProbe, unready } from '../readiness.ts';

/** A program says so by ending with 0. */
export const command: ReadinessProbe<'command'> = {
  async ask(_, { command: words }, { runs, run }) {
    if (runs === undefined) return unready('it does not run');
    const exitCode = await run(words);
    return exitCode === 0
      ? { ready: true, found: { command: words[0] } }
      : unready(`${words[0]} ends with ${exitCode}`);
  },
};
