import type { RouteAnswer } from '../../../model/observation.ts';
import type { Change, ChangeOutcome } from '../../../model/plan.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { splitPlace } from '../../notice.ts';
import { leftoverLines, NONE_DECLARED, outcomeLines } from '../../terminal/changes.ts';
import { SIGN } from '../../terminal/view.ts';

/** What became of a plan. */
export interface AppliedDocument {
  kind: 'applied';
  subject: string;
  stack: string;
  outcomes: ChangeOutcome[];
  leftovers?: Change[];
  /** Set where the stack declares nothing of the kind: then there is nothing that could differ. */
  undeclared?: true;
  /** What came back through each changed route, where that was asked for. */
  answers?: RouteAnswer[];
}

/** What became of each change. */
const applied: View<AppliedDocument> = (
  { subject, stack, outcomes, leftovers = [], answers, undeclared },
  style,
) => {
  const { strong, good } = style.palette;
  const heading = strong(`${subject} of ${stack}`);
  if (outcomes.length === 0) {
    const state = undeclared === true ? NONE_DECLARED : good(`${SIGN.done} in sync, nothing to do`);
    return [`${heading}: ${state}`, ...leftoverLines(leftovers, style)];
  }
  const summary = (['done', 'failed', 'reverted', 'skipped'] as const)
    .map((status) => ({ status, count: outcomes.filter((outcome) => outcome.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `${count} ${status}`)
    .join(', ');
  return [
    `${heading}: ${summary}`,
    ...outcomes.flatMap((outcome) => outcomeLines(outcome, style)),
    ...leftoverLines(leftovers, style),
    ...(answers ?? []).flatMap((answer) => answerLines(answer, style)),
  ];
};

/** What came back through a route. */
function answerLines(
  { route, request, answered, evidence }: RouteAnswer,
  { palette, width }: Style,
): string[] {
  const sign = answered ? palette.good(`${SIGN.done} answers`) : palette.bad(`${SIGN.failed} silent `);
  return [
    `  ${sign}  ${route}`,
    ...wrap(`${request}: ${evidence}`, width - 13).map((line) => `             ${palette.faint(line)}`),
  ];
}

export const form: DocumentForm<AppliedDocument> = {
  terminal: applied,
  notices: ({ outcomes }) =>
    outcomes
      .filter(({ status }) => status === 'failed')
      .map(({ change, reason = '', place }) => {
        const about = `${change.action} ${change.kind} ${change.name}: ${reason}`;
        const at = splitPlace(place)?.place;
        return {
          severity: 'error',
          code: 'not-applied',
          subject: `${change.kind} ${change.name}`,
          message: about,
          title: 'qbtc routes sync',
          ...(at === undefined ? {} : { place: at }),
        };
      }),
  json: ({ outcomes, leftovers = [], answers, undeclared }) => ({
    changes: outcomes.map(({ change, status, reason, place }) => ({
      ...change,
      status,
      ...(reason ? { reason } : {}),
      ...(place ? { place } : {}),
    })),
    leftovers,
    ...(undeclared === undefined ? {} : { undeclared }),
    ...(answers === undefined ? {} : { answers }),
  }),
};
