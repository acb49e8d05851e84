import { cell } from '../../markdown.ts';
import { gateText, gateWords, points, signed } from '../../terminal/score.ts';
import type { ScoreDocument } from './index.ts';

/** GitHub's Markdown, for a comment at a pull request. */
export function page({ score, target, comparison }: ScoreDocument): string {
  const { profile, total, max, adjusted, grade, failures, components, gains, notMeasured, undeclared } =
    score;
  const missing = notMeasured.reduce((sum, check) => sum + check.max, 0);
  const reached = adjusted >= target;
  return [
    `## ${reached && failures.length === 0 ? '✅' : '❌'} ${cell(score.stack)}: ${points(adjusted)} / ${points(max)} (${grade})${failures.length === 0 ? '' : `, ${gateWords(failures).slice(2)}`}`,
    '',
    ...(failures.length === 0 ? [] : [...failures.map((each) => `- **${cell(gateText(each))}**`), '']),
    [
      `${reached ? 'At or above' : 'Below'} the target of ${target}, by the profile ${profile}.`,
      ...(adjusted === total ? [] : [`Without ignore rules ${points(total)}.`]),
      ...(missing === 0 ? [] : [`${points(missing)} points not measured.`]),
      ...(comparison === undefined
        ? []
        : [`${signed(comparison.difference)} since ${comparison.against.takenAt}.`]),
    ].join(' '),
    '',
    '| component | points | of | since |',
    '| --- | ---: | ---: | ---: |',
    ...components.map(
      ({ name, points: won, max: most }) =>
        `| ${name} | ${points(won)} | ${points(most)} | ${comparison === undefined ? '' : signed(comparison.components[name])} |`,
    ),
    ...(gains.length === 0
      ? []
      : [
          '',
          '| wins | then | what is wrong | what to do |',
          '| ---: | ---: | --- | --- |',
          ...gains.map(
            (gain) =>
              `| ${points(gain.points)} | ${points(gain.predicted)} | ${cell(`${gain.causes.join(', ')}: ${gain.why}`)} | ${gain.command === undefined ? cell(gain.byHand ?? '') : `\`${gain.command}\``} |`,
          ),
        ]),
    ...(undeclared.length === 0
      ? []
      : [
          '',
          '| would count | what is not declared | how it is declared |',
          '| ---: | --- | --- |',
          ...undeclared.map(
            ({ brings, subjects, reason, declare }) =>
              `| ${points(brings)} | ${cell(`${subjects.join(', ')}: ${reason}`)} | ${cell(declare)} |`,
          ),
        ]),
  ].join('\n');
}
