import { isDeepStrictEqual } from 'node:util';
import type { RouteAnswer } from '../../model/observation.ts';
import type { Change, ChangeOutcome, FieldChange } from '../../model/plan.ts';
import type { AppliedDocument, PlanDocument } from '../document.ts';
import { wrap } from '../layout.ts';
import { counted, SIGN, type Style, type View } from './view.ts';

/** What will be changed, field by field. */
export const plan: View<PlanDocument> = (
  { subject, stack, changes, leftovers = [], unmanaged = {}, notMeasured = [] },
  style,
) => {
  const { strong, good } = style.palette;
  const blocked = changes.filter((change) => change.blocked !== undefined).length;
  const heading = strong(`${subject} of ${stack}`);
  const rest = [
    ...leftoverLines(leftovers, style),
    ...noteLines('not ours, stays', Object.values(unmanaged).flat(), style),
    ...noteLines('not measured', notMeasured, style),
  ];
  if (changes.length === 0) {
    return [`${heading}: ${good(`${SIGN.done} in sync, nothing to do`)}`, ...rest];
  }
  const summary = `${counted(changes.length, 'change')}${blocked === 0 ? '' : `, ${blocked} of them blocked`}`;
  return [`${heading}: ${summary}`, ...changes.flatMap((change) => changeLines(change, style)), ...rest];
};

/** What became of each change. */
export const applied: View<AppliedDocument> = (
  { subject, stack, outcomes, leftovers = [], answers },
  style,
) => {
  const { strong, good } = style.palette;
  const heading = strong(`${subject} of ${stack}`);
  if (outcomes.length === 0) {
    return [`${heading}: ${good(`${SIGN.done} in sync, nothing to do`)}`, ...leftoverLines(leftovers, style)];
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

/** One outcome: what was done, or why it was not. */
export function outcomeLines(
  { change, status, reason, place }: ChangeOutcome,
  { palette, width }: Style,
): string[] {
  const name = `${change.action} ${change.kind} ${change.name}`;
  if (status === 'done') return [`  ${palette.good(`${SIGN.done} done`)}     ${name}`];
  const word = `${status === 'failed' ? SIGN.failed : SIGN.none} ${status}`.padEnd(11);
  const sign = status === 'failed' ? palette.bad(word) : palette.warning(word);
  const why =
    reason === undefined ? [] : wrap(place === undefined ? reason : `${place}: ${reason}`, width - 13);
  return [`  ${sign}${name}`, ...why.map((line) => `             ${line}`)];
}

function changeLines(change: Change, { palette, width }: Style): string[] {
  const paint = { create: palette.good, update: palette.warning, delete: palette.bad }[change.action];
  const lines = [
    `  ${paint(`${SIGN[change.action]} ${change.action}`)} ${change.kind} ${palette.strong(change.name)}`,
  ];
  const under = (text: string, each: (line: string) => string) =>
    lines.push(...wrap(text, width - 6).map((line) => `      ${each(line)}`));
  if (change.reason !== undefined) under(change.reason, palette.faint);
  for (const field of change.fields ?? []) under(fieldText(field), (line) => line);
  if (change.cost !== undefined) under(`costs: ${change.cost}`, palette.warning);
  if (change.blocked !== undefined) under(`${SIGN.failed} blocked: ${change.blocked}`, palette.bad);
  return lines;
}

function fieldText({ path, from, to }: FieldChange): string {
  if (from === undefined) return `${path}: ${shown(to)}`;
  if (to === undefined) return `${path}: ${shown(from)} → removed`;
  return isDeepStrictEqual(from, to) ? path : `${path}: ${shown(from)} → ${shown(to)}`;
}

function leftoverLines(leftovers: Change[], { palette, width }: Style): string[] {
  if (leftovers.length === 0) return [];
  const names = leftovers.map((change) => `${change.kind} ${change.name}`).join(', ');
  const text = `no longer declared, kept without --prune: ${names}`;
  return wrap(text, width - 4).map((line, index) =>
    palette.warning(`  ${index === 0 ? SIGN.none : ' '} ${line}`),
  );
}

/** More names than that are counted. */
const NAMES_SHOWN = 20;

function noteLines(what: string, names: readonly string[], { palette, width }: Style): string[] {
  if (names.length === 0) return [];
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  const text = `${what}: ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`;
  return wrap(text, width - 4).map((line, index) =>
    palette.faint(`  ${index === 0 ? SIGN.none : ' '} ${line}`),
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
