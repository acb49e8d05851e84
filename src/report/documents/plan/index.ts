import { isDeepStrictEqual } from 'node:util';
import type { Change, FieldChange } from '../../../model/plan.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { leftoverLines, NONE_DECLARED } from '../../terminal/changes.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What will be changed. */
export interface PlanDocument {
  kind: 'plan';
  /** What the plan is about, for the heading: `routes`, `topology`. */
  subject: string;
  stack: string;
  changes: Change[];
  /** What is ours, no longer declared, and stays without `--prune`. */
  leftovers?: Change[];
  /** What is there, not declared and not ours: it stays. */
  unmanaged?: Record<string, string[]>;
  /** What could not be compared. */
  notMeasured?: string[];
  /** Set where the stack declares nothing of the kind: then there is nothing that could differ. */
  undeclared?: true;
}

/** What will be changed, field by field. */
const plan: View<PlanDocument> = (
  { subject, stack, changes, leftovers = [], unmanaged = {}, notMeasured = [], undeclared },
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
    const state = undeclared === true ? NONE_DECLARED : good(`${SIGN.done} in sync, nothing to do`);
    return [`${heading}: ${state}`, ...rest];
  }
  const summary = `${counted(changes.length, 'change')}${blocked === 0 ? '' : `, ${blocked} of them blocked`}`;
  return [`${heading}: ${summary}`, ...changes.flatMap((change) => changeLines(change, style)), ...rest];
};

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

export const form: DocumentForm<PlanDocument> = {
  terminal: plan,
  notices: ({ changes }) =>
    changes.map(({ action, kind, name, reason = '', blocked }) => ({
      severity: 'warning',
      code: 'drift',
      subject: `${kind} ${name}`,
      message: `${action} ${kind} ${name}: ${blocked ?? reason}`,
      title: 'qbtc drift',
    })),
  json: ({ changes, leftovers = [], unmanaged, notMeasured }) => ({
    changes,
    leftovers,
    ...(unmanaged === undefined ? {} : { unmanaged }),
    ...(notMeasured === undefined ? {} : { notMeasured }),
  }),
};
