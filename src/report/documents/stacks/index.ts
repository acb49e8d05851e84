import type { MachineStack } from '../../../model/machine-stack.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** The stacks of this machine. */
export interface StacksDocument {
  kind: 'stacks';
  stacks: MachineStack[];
}

/** Each stack in a line, and what is odd about it below; with `--verbose` its parts. */
const stacks: View<StacksDocument> = ({ stacks: all }, style) => {
  const { palette, width } = style;
  if (all.length === 0) return [palette.faint(`${SIGN.none} no stack runs on this machine`)];
  return all.flatMap((stack, index) => [
    ...(index > 0 ? [''] : []),
    `${palette.strong(stack.name || '(no name)')}  ${counted(stack.parts.length, 'part')}${portsOf(stack)}  ${supervised(stack, style)}${stack.here ? palette.good('  here') : ''}`,
    `  ${palette.faint(stack.root)}`,
    ...(stack.present
      ? []
      : [palette.warning('  ! it stands there no longer: qbtc down in its new place, or end its processes')]),
    ...(style.verbose || !stack.present
      ? table(
          stack.parts.map(({ name, runs, pid, ports }) => [
            { text: name },
            { text: runs, paint: palette.faint },
            { text: ports.join(' '), paint: palette.accent },
            { text: pid === undefined ? '' : `pid ${pid}`, paint: palette.faint },
          ]),
          { indent: 4, width },
        )
      : []),
  ]);
};

function portsOf({ parts }: MachineStack): string {
  const ports = parts.flatMap((part) => part.ports).sort((a, b) => a - b);
  const [first, last] = [ports[0], ports.at(-1)];
  if (first === undefined) return '';
  return first === last ? `  port ${first}` : `  ports ${first} to ${last}`;
}

function supervised({ supervisor, parts }: MachineStack, { palette }: Style): string {
  if (supervisor !== undefined) return palette.faint(`supervisor pid ${supervisor.pid}`);
  return parts.some(({ runs }) => runs === 'process') ? palette.warning('no supervisor runs') : '';
}

export const form: DocumentForm<StacksDocument> = {
  terminal: stacks,
};
