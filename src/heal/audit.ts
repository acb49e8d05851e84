import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { HealRecord } from '../model/heal.ts';
import { appendLine, stateFolder } from '../state/index.ts';

/** The audit trail of a stack: what every heal saw and did, a line each. It only ever grows. */
function file(root: string): string {
  return join(stateFolder(root), 'heal.jsonl');
}

export async function record(
  { clock }: Pick<Context, 'clock'>,
  root: string,
  entry: Omit<HealRecord, 'at' | 'pid'>,
): Promise<void> {
  const line: HealRecord = { at: new Date(clock.now()).toISOString(), pid: process.pid, ...entry };
  await appendLine(file(root), line);
}

/** The last lines of the trail, oldest first. Lines cut short are passed over. */
export async function readAudit(root: string, last: number): Promise<HealRecord[]> {
  const text = await readFile(file(root), 'utf8').catch(() => '');
  const records = text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as HealRecord];
    } catch {
      return [];
    }
  });
  return records.slice(-last);
}

/** What a heal had begun that did not live to say how it ended. */
export async function interruptedRepair(root: string): Promise<HealRecord | undefined> {
  const last = (await readAudit(root, 1))[0];
  return last?.event === 'began' && last.pid !== process.pid ? last : undefined;
}
