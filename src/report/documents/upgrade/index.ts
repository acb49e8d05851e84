import type { FileAction, FileUpgrade, Upgrade, UpgradeNotice } from '../../../model/upgrade.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { table, wrap } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What `upgrade` did to the files of a stack, or would do. */
export interface UpgradeDocument extends Upgrade {
  kind: 'upgrade';
  stack: string;
  /** Planned alone: nothing was changed. */
  dryRun: boolean;
  next: { command: string; why: string }[];
}

const WORDS: Record<FileAction, string> = {
  conflict: 'conflict',
  keep: 'kept',
  move: 'moved',
  merge: 'merged',
  update: 'updated',
  create: 'created',
  delete: 'deleted',
};

const upgrade: View<UpgradeDocument> = (document, style) => {
  const { stack, from, to, dryRun, changes, notices, next } = document;
  const { palette, width } = style;
  const conflicts = changes.filter(({ action }) => action === 'conflict').length;
  const version = from === null || from === to ? `the template ${to}` : `the template ${to}, from ${from}`;
  const counts = Object.entries(WORDS).flatMap(([action, word]) => {
    const count = changes.filter((change) => change.action === action).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const heading =
    changes.length === 0
      ? `is as ${version} has it`
      : `${dryRun ? 'would be brought' : 'was brought'} to ${version}: ${counts.join(', ')}`;
  const sign = conflicts === 0 ? palette.good(SIGN.done) : palette.bad(SIGN.failed);
  return [
    `${sign} ${palette.strong(stack)} ${heading}`,
    ...fileLines(changes, style),
    ...notices.flatMap((notice) =>
      wrap(noticeText(notice), width - 4).map(
        (line, index) => `  ${palette.warning(index === 0 ? SIGN.none : ' ')} ${line}`,
      ),
    ),
    ...(next.length === 0 ? [] : ['', palette.strong('What to do next')]),
    ...table(
      next.map(({ command, why }) => [{ text: command, paint: palette.accent }, { text: why }]),
      { indent: 2, width },
    ),
  ];
};

/** What is to be looked at first: conflicts, what is kept, and what moved. */
function fileLines(changes: readonly FileUpgrade[], { palette, width }: Style): string[] {
  const order = Object.keys(WORDS);
  const sorted = [...changes].sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  return table(
    sorted.map((change) => [
      { text: WORDS[change.action], paint: paintOf(change.action, palette) },
      { text: change.path },
      { text: aboutOf(change) },
    ]),
    { indent: 2, width },
  );
}

function paintOf(action: FileAction, palette: Style['palette']): (text: string) => string {
  if (action === 'conflict') return palette.bad;
  return action === 'keep' ? palette.warning : palette.good;
}

function aboutOf({ action, from, reason, conflicts = 0, beside }: FileUpgrade): string {
  const was = from === undefined ? [] : [`was ${from}`];
  if (action === 'conflict')
    return [
      ...was,
      beside === undefined ? `${counted(conflicts, 'place')} to decide` : `the template's is ${beside}`,
    ].join(', ');
  if (reason === 'deleted') return 'you took it out; the template has changed it';
  if (reason === 'gone') return 'the template has it no more; you have changed it';
  if (reason === 'in-the-way') return 'a link or a folder is in the way of it';
  return was.join('');
}

function noticeText(notice: UpgradeNotice): string {
  switch (notice.kind) {
    case 'no-repository':
      return 'the stack is in no git repository: what is changed cannot be had back';
    case 'base-lost':
      return `qbtc.template.br does not have what ${counted(notice.files, 'file')} held: where you have changed one, each difference is a conflict`;
    case 'addon-unknown':
      return `this qbtc has no add-on ${notice.addon}: its files stay as they are`;
    case 'packages-not-installed':
      return 'the packages of the stack were not installed';
  }
}

export const form: DocumentForm<UpgradeDocument> = {
  terminal: upgrade,
};
