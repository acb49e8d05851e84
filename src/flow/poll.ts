import { formatDuration } from './duration.ts';
import type { StepScope } from './step-kind.ts';

/** What one look came to: found, or what was there instead. */
export type Look<Found> = { found: Found } | { last: string };

/**
 * Looks again and again until something is found or the time is over, and says which try it is.
 * Looks once when the flow has stopped already.
 *
 * @returns what was found, or the last try and what it saw: `try 10/10 within 5 s: …`
 */
export async function poll<Found>(
  scope: StepScope,
  { every, within }: { every: number; within: number },
  look: () => Promise<Look<Found>>,
): Promise<Look<Found>> {
  const { clock } = scope.context;
  const tries = scope.hasStopped ? 1 : Math.max(1, Math.ceil(within / every));
  const deadline = clock.monotonic() + within;
  for (let attempt = 1; ; attempt += 1) {
    const result = await look();
    if ('found' in result) return result;
    scope.onTry(attempt, tries, result.last);
    const isOver = attempt === tries || clock.monotonic() >= deadline || !(await pause(scope, every));
    if (isOver) {
      const waited = tries === 1 ? '' : ` within ${formatDuration(within)}`;
      return { last: `try ${attempt}/${tries}${waited}: ${result.last}` };
    }
  }
}

/** False when the flow is over before the pause is. */
async function pause({ context, signal }: StepScope, ms: number): Promise<boolean> {
  return context.clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}
