import type { Context } from '../../src/context.ts';
import type { ChangeOutcome } from '../../src/model/plan.ts';
import type { Outcome } from '../../src/operations/index.ts';

/** The key goes past the masks, once; what went wrong at the gateway is reported instead. */
export async function revealKey(
  context: Context,
  username: string,
  { key, outcomes, stack }: { key: string; outcomes: ChangeOutcome[]; stack: string },
  json: boolean,
): Promise<Outcome> {
  const { EXIT } = await import('../../src/errors.ts');
  const failed = outcomes.filter(({ status }) => status !== 'done');
  const atGateway = failed.length === 0 ? {} : { failed: failed.map(({ reason = '' }) => reason) };
  context.io.reveal(json ? JSON.stringify({ username, key, ...atGateway }, null, 2) : key);
  if (failed.length === 0) return {};
  if (json) return { exit: EXIT.partial };
  return { document: { kind: 'applied', subject: 'consumers', stack, outcomes }, exit: EXIT.partial };
}
