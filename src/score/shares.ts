import type { CheckCode, ScoreProfile, Undeclared } from '../model/score.ts';
import { SCORE_COMPONENTS, type ScoreComponent } from '../model/stack.ts';
import type { SubjectResult } from './check.ts';
import { apportion, fromHundredths, toHundredths } from './points.ts';

/** What one check has found. */
export interface Examined {
  code: CheckCode;
  component: ScoreComponent;
  /** What it counts beside the other checks of its component. */
  share: number;
  /** How what it judges is declared. */
  declare: string;
  findings: readonly SubjectResult[];
}

type Weights = Readonly<Record<ScoreComponent, number>>;
type Counts = (finding: SubjectResult) => boolean;

const isDeclared: Counts = ({ status }) => status !== 'undeclared';

/** Whether anything that has weight is declared: else there is nothing to share 100 points out among. */
export function hasWeight(examined: readonly Examined[], weights: Weights): boolean {
  return examined.some(({ component, findings }) => weights[component] > 0 && findings.some(isDeclared));
}

/**
 * The hundredths of a point that stand on each finding that counts. By the profile `foreign` the components without such a
 * finding are out, and the 100 points are shared out among the others in proportion to their weights; by `qbtc` each has
 * its own. In a component the checks share by their `share`, and in a check the findings equally.
 */
export function sharesOf(
  examined: readonly Examined[],
  weights: Weights,
  profile: ScoreProfile,
  counts: Counts = isDeclared,
): Map<SubjectResult, number> {
  const counting = (name: ScoreComponent) =>
    examined
      .filter(({ component }) => component === name)
      .flatMap(({ share, findings }) => {
        const own = findings.filter(counts);
        return own.map((finding) => ({ finding, share: share / own.length }));
      });
  const components = SCORE_COMPONENTS.map((name) => ({ weight: weights[name], findings: counting(name) }));
  const own = components.map(({ weight }) => toHundredths(weight));
  const wholes =
    profile === 'qbtc'
      ? own
      : apportion(
          own.reduce((sum, each) => sum + each, 0),
          components.map(({ weight, findings }) => (findings.length === 0 ? 0 : weight)),
        );
  return new Map(
    components.flatMap(({ findings }, index) => {
      if (findings.length === 0) return [];
      const parts = apportion(
        wholes[index] ?? 0,
        findings.map(({ share }) => share),
      );
      return findings.map(({ finding }, at): [SubjectResult, number] => [finding, parts[at] ?? 0]);
    }),
  );
}

/** What is out of the total, check by check, with what declaring it would bring, the dearest first. */
export function undeclaredOf(
  examined: readonly Examined[],
  weights: Weights,
  profile: ScoreProfile,
): Undeclared[] {
  return examined
    .flatMap(({ code, declare, findings }): Undeclared[] => {
      const out = findings.filter((finding) => !isDeclared(finding));
      const [first] = out;
      if (first === undefined) return [];
      const shares = sharesOf(
        examined,
        weights,
        profile,
        (finding) => isDeclared(finding) || out.includes(finding),
      );
      const sum = (of: readonly SubjectResult[]) =>
        of.reduce((total, finding) => total + (shares.get(finding) ?? 0), 0);
      const passed = [...shares.keys()].filter(({ status }) => status === 'passed');
      return [
        {
          code,
          subjects: out.map(({ subject }) => subject),
          reason: [...new Set(out.map(({ evidence }) => evidence))].join('; '),
          declare,
          brings: fromHundredths(sum(out)),
          predicted: fromHundredths(sum(passed) + sum(out)),
        },
      ];
    })
    .sort((a, b) => b.brings - a.brings);
}
