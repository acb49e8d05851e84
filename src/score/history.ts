import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import type { Score, ScoreRecord } from '../model/score.ts';
import { SCORE_COMPONENTS } from '../model/stack.ts';
import { appendLine, stateFolder, withFileLock } from '../state/index.ts';
import { lostIn } from './compare.ts';

/** The oldest go when there are more. */
const KEPT = 1_000;

const recordSchema = z.object({
  takenAt: z.iso.datetime(),
  commit: z.string().optional(),
  total: z.number(),
  adjusted: z.number(),
  notMeasured: z.number(),
  components: z.record(z.enum(SCORE_COMPONENTS), z.number()),
  lost: z.array(z.object({ code: z.string(), subject: z.string(), max: z.number() })),
});

/** `.qbtc/scores.jsonl`: a line for each score that was taken of this stack. */
function historyFile(root: string): string {
  return join(stateFolder(root), 'scores.jsonl');
}

export function recordOf(score: Score, commit: string | undefined): ScoreRecord {
  return {
    takenAt: score.takenAt,
    ...(commit === undefined ? {} : { commit }),
    total: score.total,
    adjusted: score.adjusted,
    notMeasured: Math.round(score.notMeasured.reduce((sum, { max }) => sum + max * 100, 0)) / 100,
    components: Object.fromEntries(
      score.components.map(({ name, points }) => [name, points]),
    ) as ScoreRecord['components'],
    lost: lostIn(score),
  };
}

/** The scores taken so far, oldest first. Lines that cannot be read (cut short by a crash) are left out. */
export async function readHistory(root: string): Promise<ScoreRecord[]> {
  const text = await readFile(historyFile(root), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      const { commit, ...record } = recordSchema.parse(JSON.parse(line));
      return [{ ...record, ...(commit === undefined ? {} : { commit }) }];
    } catch {
      return [];
    }
  });
}

export async function writeRecord(root: string, record: ScoreRecord): Promise<void> {
  const file = historyFile(root);
  await appendLine(file, record);
  if ((await readHistory(root)).length <= KEPT) return;
  await withFileLock(file, async () => {
    // Read again: nobody appends now.
    const lines = (await readHistory(root)).slice(-KEPT).map((each) => `${JSON.stringify(each)}\n`);
    await writeFileAtomic(file, lines.join(''), { mode: 0o600, fsync: false });
  });
}

/**
 * The record that a word names: `last`; the last one at or before a date or time in ISO 8601; the last one of a commit.
 */
export function findRecord(history: readonly ScoreRecord[], word: string): ScoreRecord | undefined {
  if (word === 'last') return history.at(-1);
  const commit = history.findLast((record) => word.length >= 4 && record.commit?.startsWith(word));
  if (commit !== undefined) return commit;
  // A day means all of it.
  const time = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(word) ? `${word}T23:59:59.999Z` : word);
  return Number.isNaN(time) ? undefined : history.findLast(({ takenAt }) => Date.parse(takenAt) <= time);
}
