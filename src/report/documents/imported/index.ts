import type { Loss, WrittenFile } from '../../../model/import.ts';
import type { Change } from '../../../model/plan.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What came, or will come, of an import. */
export interface ImportedDocument {
  kind: 'imported';
  /** `routes`, `topology`. */
  subject: string;
  stack: string;
  /** What was read: a file, or an address. */
  source: string;
  /** False for a plan. */
  isDone: boolean;
  /** What comes into the stack; what is `blocked` does not. */
  changes: Change[];
  /** What could not be carried over. */
  losses: Loss[];
  files: WrittenFile[];
}

/** The objects, what is lost of them, and where they went. */
const imported: View<ImportedDocument> = (
  { subject, stack, source, isDone, changes, losses, files },
  style,
) => {
  const { palette } = style;
  const heading = `${palette.strong(`${subject} of ${stack}`)} from ${source}`;
  const lost = losses.flatMap((loss) => lossLines(loss, style));
  const count =
    losses.length === 0 ? [] : [palette.warning(`${counted(losses.length, 'thing')} not carried over`)];
  // What was lost may have been all: nobody can say then that it is there.
  const nothing =
    losses.length > 0 ? 'nothing comes of it' : palette.good(`${SIGN.done} declared already, nothing to do`);
  if (changes.length === 0) return [`${heading}: ${nothing}`, ...count, ...lost];
  return [
    `${heading}: ${counted(changes.length, 'change')}`,
    ...changes.flatMap((change) => changeLines(change, style)),
    ...count,
    ...lost,
    ...files.map(({ file, isNew }) => {
      const verb = isNew ? (isDone ? 'made' : 'will be made') : isDone ? 'changed' : 'will be changed';
      return isDone ? `${palette.good(SIGN.done)} ${verb}: ${file}` : palette.faint(`${verb}: ${file}`);
    }),
  ];
};

function changeLines(
  { action, kind, name, fields = [], reason, blocked }: Change,
  { palette, width }: Style,
) {
  const paint = { create: palette.good, update: palette.warning, delete: palette.bad }[action];
  const under = (text: string, each: (line: string) => string) =>
    wrap(text, width - 6).map((line) => `      ${each(line)}`);
  const differing = action === 'update' ? fields.map(({ path }) => path).join(', ') : '';
  return [
    `  ${paint(`${SIGN[action]} ${action}`)} ${kind} ${palette.strong(name)}`,
    ...(reason === undefined ? [] : under(reason, palette.faint)),
    ...(differing === '' ? [] : under(differing, palette.faint)),
    ...(blocked === undefined ? [] : under(`${SIGN.failed} blocked: ${blocked}`, palette.bad)),
  ];
}

function lossLines({ place, field, reason, instead }: Loss, { palette, width }: Style): string[] {
  const at = `${place.file}:${place.line}:${place.column}${field === '' ? '' : ` ${field}`}`;
  const text = instead === undefined ? reason : `${reason}; nearest: ${instead}`;
  return [
    ...wrap(at, width - 4).map(
      (line, index) => `  ${index === 0 ? palette.warning(SIGN.none) : ' '} ${line}`,
    ),
    ...wrap(text, width - 6).map((line) => `      ${line}`),
  ];
}

export const form: DocumentForm<ImportedDocument> = {
  terminal: imported,
  notices: ({ losses }) =>
    losses.map(({ place, field, reason }) => ({
      severity: 'warning',
      code: 'not-imported',
      subject: field,
      message: `${field}: ${reason}`,
      title: 'qbtc import',
      place,
    })),
};
