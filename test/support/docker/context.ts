import { quietContext } from '../quiet-context.ts';

/** The real context, with an environment in which this engine is the one that is found. */
export function dockerContext(env: Record<string, string>) {
  const before = { ...process.env };
  Object.assign(process.env, env);
  const context = quietContext();
  return {
    context,
    restore() {
      for (const name of Object.keys(env)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    },
  };
}
