import type { ResourceObservation } from '../../model/observation.ts';
import type { StatusDocument } from '../document.ts';
import { type Cell, table, wrap } from '../layout.ts';
import { counted, SIGN, type Style, type View } from './view.ts';

/** Reasons stand under the name: after the sign and the longest state. */
const REASON_INDENT = '  ✖ unhealthy  '.length;

/** Every resource and service with its state; under what is not active, why. */
export const status: View<StatusDocument> = ({ stack, strategy, supervisor, resources }, style) => {
  const { strong, faint, warning } = style.palette;
  const all = resources.every(({ provider }) => provider === 'docker' || provider === 'external');
  const supervised = all
    ? faint('nothing to supervise')
    : supervisor === undefined
      ? warning('no supervisor runs')
      : faint(`supervisor pid ${supervisor.pid}`);
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

function row(
  { name, kind, provider, state, pid, ports, restarts }: ResourceObservation,
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
    { text: `${sign} ${state}`.padEnd(REASON_INDENT - 4), paint },
    { text: name, paint: palette.strong },
    { text: kind },
    { text: provider },
    { text: ports.join(' '), paint: palette.faint },
    { text: pidOf(pid, restarts), paint: palette.faint },
  ];
}

function pidOf(pid: number | undefined, restarts: number): string {
  const again = restarts === 0 ? [] : [counted(restarts, 'restart')];
  return [...(pid === undefined ? [] : [`pid ${pid}`]), ...again].join(', ');
}
