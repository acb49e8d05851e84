import type { Score, ScoreComparison, ScoreRecord } from '../model/score.ts';
import { SCORE_COMPONENTS } from '../model/stack.ts';
import { fromHundredths, toHundredths } from './points.ts';

/** What is different now from an earlier score. Pure. */
export function compare(now: Score, earlier: ScoreRecord): ScoreComparison {
  const { takenAt, commit, profile, total, adjusted } = earlier;
  const lost = lostIn(now);
  const key = ({ code, subject }: { code: string; subject: string }) => JSON.stringify([code, subject]);
  const before = new Set(earlier.lost.map(key));
  const after = new Set(lost.map(key));
  return {
    against: {
      takenAt,
      ...(commit === undefined ? {} : { commit }),
      ...(profile === undefined ? {} : { profile }),
      total,
      adjusted,
    },
    difference: minus(now.adjusted, adjusted),
    components: Object.fromEntries(
      SCORE_COMPONENTS.map((name) => {
        const points = now.components.find((component) => component.name === name)?.points ?? 0;
        return [name, minus(points, earlier.components[name])];
      }),
    ) as ScoreComparison['components'],
    newlyLost: lost.filter((check) => !before.has(key(check))),
    wonBack: earlier.lost.filter((check) => !after.has(key(check))),
  };
}

/** Whether there are fewer points than before; those of another profile are judged by other rules. */
export function hasFallen(
  { difference, against }: ScoreComparison,
  { profile }: Pick<Score, 'profile'>,
): boolean {
  // Before there were profiles all stacks were judged as those of qbtc are.
  return difference < 0 && (against.profile ?? 'qbtc') === profile;
}

/** The checks that a score has no points for. */
export function lostIn({ components }: Score): ScoreRecord['lost'] {
  return components
    .flatMap(({ checks }) => checks)
    .filter(({ status }) => status !== 'passed')
    .map(({ code, subject, max }) => ({ code, subject, max }));
}

function minus(a: number, b: number): number {
  return fromHundredths(toHundredths(a) - toHundredths(b));
}
