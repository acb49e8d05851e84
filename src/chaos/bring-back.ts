import type { Context } from '../context.ts';
import { up } from '../lifecycle/up.ts';
import type { Stack } from '../model/stack.ts';

const READY_MS = 60_000;

/** Sees to it that the part runs as it is declared, and returns when it is ready. */
export async function bringBack(context: Context, stack: Stack, subject: string): Promise<void> {
  await up(context, stack, {
    apply: false,
    timeoutMs: READY_MS,
    placement: {},
    only: [subject],
    exactly: true,
  });
}
