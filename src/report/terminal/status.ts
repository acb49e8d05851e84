import type { ResourceObservation } from '../../model/observation.ts';
import type { StatusDocument } from '../document.ts';
import { type Cell, table } from '../layout.ts';
import { SIGN, type Style, type View } from './view.ts';

/** Every resource and service with its state; for what is not active, why. */
export const status: View<StatusDocument> = ({ stack, strategy, supervisor, resources }, style) => {
  const { strong, faint, warning } = style.palette;
  const supervised =
    supervisor === undefined ? warning('no supervisor runs') : faint(`supervisor pid ${supervisor.pid}`);
  return [
    `${strong(stack)}  ${strategy}  ${supervised}`,
    '',
    ...table(
      resources.map((resource) => row(resource, style)),
      { indent: 2, width: style.width },
    ),
  ];
};

function row(
  { name, kind, provider, state, reason, pid, ports }: ResourceObservation,
  { palette }: Style,
): Cell[] {
  const paint =
    state === 'active'
      ? palette.good
      : state === 'starting' || state === 'stopped'
        ? palette.warning
        : palette.bad;
  const sign =
    state === 'active' ? SIGN.done : state === 'crashed' || state === 'unhealthy' ? SIGN.failed : SIGN.none;
  return [
    { text: `${sign} ${state}`, paint },
    { text: name, paint: palette.strong },
    { text: kind },
    { text: provider },
    { text: ports.join(' '), paint: palette.faint },
    { text: pid === undefined ? '' : `pid ${pid}`, paint: palette.faint },
    { text: reason },
  ];
}
