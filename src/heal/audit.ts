import type { Context } from '../context.ts';
import type { HealRecord } from '../model/heal.ts';
import { linesFile } from '../state/index.ts';

/** The audit trail of a stack: what every heal saw and did, a line each. It only ever grows. */
const file = linesFile('heals', (value) => value as HealRecord);

export async function record(
  { clock }: Pick<Context, 'clock'>,
  root: string,
  entry: Omit<HealRecord, 'at' | 'pid'>,
): Promise<void> {
  const line: HealRecord = { at: new Date(clock.now()).toISOString(), pid: process.pid, ...entry };
  await file.append(root, line);
}

/** The last lines of the trail, oldest first. */
export async function readAudit(root: string, last: number): Promise<HealRecord[]> {
  return (await file.read(root)).slice(-last);
}

/** What a heal had begun that did not live to say how it ended. */
export async function interruptedRepair(root: string): Promise<HealRecord | undefined> {
  const last = (await readAudit(root, 1))[0];
  return last?.event === 'began' && last.pid !== process.pid ? last : undefined;
}
