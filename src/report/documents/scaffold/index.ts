import type { PartPort } from '../../../model/stack.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table, wrap } from '../../layout.ts';
import { portLines } from '../../terminal/ports.ts';
import { SIGN } from '../../terminal/view.ts';

/** What `new` made, and what to do next. */
export interface ScaffoldDocument {
  kind: 'scaffold';
  name: string;
  /** As the user would type it. */
  folder: string;
  portBase: number;
  ports: PartPort[];
  /** What was left out and why: no git, not installed. */
  notices: string[];
  next: { command: string; why: string }[];
}

/** What was made, on which ports, and what to do next. */
const scaffold: View<ScaffoldDocument> = ({ name, folder, portBase, ports, notices, next }, style) => {
  const { good, strong, warning, accent } = style.palette;
  return [
    `${good(`${SIGN.done} ${strong(name)}`)} stands in ${folder}, port base ${portBase}`,
    ...notices.flatMap((notice) =>
      wrap(notice, style.width - 4).map((line, index) =>
        warning(`  ${index === 0 ? SIGN.none : ' '} ${line}`),
      ),
    ),
    ...(ports.length === 0 ? [] : ['', ...portLines(ports, style)]),
    '',
    strong('What to do next'),
    ...table(
      next.map(({ command, why }) => [{ text: command, paint: accent }, { text: why }]),
      { indent: 2, width: style.width },
    ),
  ];
};

export const form: DocumentForm<ScaffoldDocument> = {
  terminal: scaffold,
};
