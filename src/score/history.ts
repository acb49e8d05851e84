import { z } from 'zod';
import { SCORE_PROFILES, type Score, type ScoreRecord } from '../model/score.ts';
import { SCORE_COMPONENTS } from '../model/stack.ts';
import { linesFile } from '../state/index.ts';
import { lostIn } from './compare.ts';

/** The oldest go when there are more. */
const KEPT = 1_000;

const recordSchema = z.object({
  takenAt: z.iso.datetime(),
  commit: z.string().optional(),
  profile: z.enum(SCORE_PROFILES).optional(),
  total: z.number(),
  adjusted: z.number(),
  notMeasured: z.number(),
  components: z.record(z.enum(SCORE_COMPONENTS), z.number()),
  lost: z.array(z.object({ code: z.string(), subject: z.string(), max: z.number() })),
});

/** A line for each score that was taken of this stack. */
const file = linesFile<ScoreRecord>(
  'scores',
  (value) => {
    const { commit, profile, ...record } = recordSchema.parse(value);
    return {
      ...record,
      ...(commit === undefined ? {} : { commit }),
      ...(profile === undefined ? {} : { profile }),
    };
  },
  KEPT,
);

export function recordOf(score: Score, commit: string | undefined): ScoreRecord {
  return {
    takenAt: score.takenAt,
    ...(commit === undefined ? {} : { commit }),
    profile: score.profile,
    total: score.total,
    adjusted: score.adjusted,
    notMeasured: Math.round(score.notMeasured.reduce((sum, { max }) => sum + max * 100, 0)) / 100,
    components: Object.fromEntries(
      score.components.map(({ name, points }) => [name, points]),
    ) as ScoreRecord['components'],
    lost: lostIn(score),
  };
}

/** The scores taken so far, oldest first. */
export const readHistory = (root: string): Promise<ScoreRecord[]> => file.read(root);

export const writeRecord = (root: string, record: ScoreRecord): Promise<void> => file.append(root, record);

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
