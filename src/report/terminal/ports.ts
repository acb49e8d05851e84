import type { PartPort } from '../../model/stack.ts';
import type { Style } from '../document-form.ts';
import { table } from '../layout.ts';

/** Which part of the stack listens where, a port a line. */
export function portLines(all: PartPort[], { palette, width }: Style): string[] {
  return table(
    all.map(({ name, role, port }) => [
      { text: String(port), paint: palette.accent },
      { text: name, paint: palette.strong },
      { text: role === 'main' ? '' : role, paint: palette.faint },
    ]),
    { indent: 2, width, right: [0] },
  );
}
