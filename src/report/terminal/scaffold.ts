import type { ScaffoldDocument } from '../document.ts';
import { table, wrap } from '../layout.ts';
import { portLines } from './ports.ts';
import { SIGN, type View } from './view.ts';

/** What was made, on which ports, and what to do next. */
export const scaffold: View<ScaffoldDocument> = ({ name, folder, portBase, ports, notices, next }, style) => {
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
