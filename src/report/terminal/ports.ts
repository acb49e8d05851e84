import type { PortsDocument, PortUse } from '../document.ts';
import { table } from '../layout.ts';
import type { Style, View } from './view.ts';

/** Which part of the stack listens where. */
export const ports: View<PortsDocument> = ({ stack, portBase, ports: all }, style) => [
  `${style.palette.strong(stack)}  port base ${portBase}`,
  '',
  ...portLines(all, style),
];

export function portLines(all: PortUse[], { palette, width }: Style): string[] {
  return table(
    all.map(({ name, role, port }) => [
      { text: String(port), paint: palette.accent },
      { text: name, paint: palette.strong },
      { text: role === 'main' ? '' : role, paint: palette.faint },
    ]),
    { indent: 2, width, right: [0] },
  );
}
