import type { PartPort } from '../../../model/stack.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';

/** Every port of the stack. */
export interface PortsDocument {
  kind: 'ports';
  stack: string;
  /** Added to every port, and who says so. */
  portBase: number;
  portBaseFrom: string;
  ports: (PartPort & {
    /** Who provides the resource; `null` for a service, and before the first `up`. */
    provider: string | null;
    /** Who listens on it now, as far as the system says. */
    listener: { program: string | null; pid: number | null } | null;
  })[];
}

/** Every port of the stack, and who listens on it now. */
const ports: View<PortsDocument> = ({ stack, portBase, portBaseFrom, ports: all }, { palette, width }) => [
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

export const form: DocumentForm<PortsDocument> = {
  terminal: ports,
};
