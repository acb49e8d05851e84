import type { AddonPlan } from '../../../model/addon.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table, wrap } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What `add` and `remove` did to the files of a stack, or would do. */
export interface AddonDocument extends AddonPlan {
  kind: 'addon';
  stack: string;
  /** Planned alone: nothing was changed. */
  dryRun: boolean;
  next: { command: string; why: string }[];
}

const addon: View<AddonDocument> = (
  { stack, addon: name, action, dryRun, changes, next },
  { palette, width },
) => {
  const count = (which: string) => changes.filter((change) => change.action === which).length;
  const done = { add: ['would be added', 'added'], remove: ['would be removed', 'removed'] }[action];
  const files = counted(action === 'add' ? count('create') : count('delete'), 'file');
  return [
    `${palette.good(`${SIGN.done} ${palette.strong(name)}`)} ${done[dryRun ? 0 : 1]}: ${files} of ${stack}`,
    ...changes.flatMap(({ path, kept }) =>
      kept === undefined
        ? []
        : wrap(`${path} was changed by hand: it is kept as ${kept}`, width - 4).map(
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

export const form: DocumentForm<AddonDocument> = {
  terminal: addon,
};
