import type { PortsDocument, PortUse } from '../document.ts';
import { table } from '../layout.ts';
import type { Style, View } from './view.ts';

/** Which part of the stack listens where, a port a line. */
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

/** Every port of the stack, and who listens on it now. */
export const ports: View<PortsDocument> = (
  { stack, portBase, portBaseFrom, ports: all },
  { palette, width },
) => [
  `${palette.strong(stack)}  port base ${portBase} (${portBaseFrom})`,
  '',
  ...table(
    all.map(({ name, role, port, provider, listener }) => [
      { text: String(port), paint: palette.accent },
      { text: name, paint: palette.strong },
      { text: role === 'main' ? '' : role, paint: palette.faint },
      { text: provider ?? '' },
      listener === null
        ? { text: 'free', paint: palette.faint }
        : {
            text: `held by ${listener.program ?? 'a process'}${listener.pid === null ? '' : ` (pid ${listener.pid})`}`,
          },
    ]),
    { indent: 2, width, right: [0] },
  ),
];
