import type { Context } from '../../context.ts';

/** The same context for what brings the stack up again and again: each word on the way is said once. */
export function saidOnce(context: Context): Context {
  const told = new Set<string>();
  const { io } = context;
  const err = (text: string) => {
    if (!told.has(text)) io.err(text);
    told.add(text);
  };
  return { ...context, io: { ...io, err } };
}
