import type { ResourceObservation } from '../../model/observation.ts';
import type { StatusDocument } from '../document.ts';
import { type Cell, table, wrap } from '../layout.ts';
import { SIGN, type Style, type View } from './view.ts';

/** Reasons stand under the name: after the sign and the longest state. */
const REASON_INDENT = '  ✖ unhealthy  '.length;

/** Every resource and service with its state; under what is not active, why. */
export const status: View<StatusDocument> = ({ stack, strategy, supervisor, resources }, style) => {
  const { strong, faint, warning } = style.palette;
  const supervised =
    supervisor === undefined ? warning('no supervisor runs') : faint(`supervisor pid ${supervisor.pid}`);
  const rows = table(
    resources.map((resource) => row(resource, style)),
    { indent: 2, width: style.width },
  );
  return [
    `${strong(stack)}  ${strategy}  ${supervised}`,
    '',
    ...resources.flatMap(({ reason }, index) => [rows[index] ?? '', ...reasonLines(reason, style)]),
  ];
};

function reasonLines(reason: string, { width }: Style): string[] {
  if (reason === '') return [];
  return wrap(reason, width - REASON_INDENT).map((line) => ' '.repeat(REASON_INDENT) + line);
}

function row({ name, kind, provider, state, pid, ports }: ResourceObservation, { palette }: Style): Cell[] {
  const paint =
    state === 'active'
      ? palette.good
      : state === 'starting' || state === 'stopped'
        ? palette.warning
        : palette.bad;
  const sign =
    state === 'active' ? SIGN.done : state === 'crashed' || state === 'unhealthy' ? SIGN.failed : SIGN.none;
  return [
    { text: `${sign} ${state}`.padEnd(REASON_INDENT - 4), paint },
    { text: name, paint: palette.strong },
    { text: kind },
    { text: provider },
    { text: ports.join(' '), paint: palette.faint },
    { text: pid === undefined ? '' : `pid ${pid}`, paint: palette.faint },
  ];
}
