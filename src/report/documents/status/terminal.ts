import type { ResourceObservation } from '../../../model/observation.ts';
import type { Style, View } from '../../document-form.ts';
import { type Cell, table, truncate, wrap } from '../../layout.ts';
import { gateWords, points } from '../../terminal/score.ts';
import { counted, duration, SIGN, timeOfDay } from '../../terminal/view.ts';
import type { StatusDocument } from './index.ts';

/** Every resource and service with its state; under what is not active, why, and what its health document says is not well. */
export const status: View<StatusDocument> = ({ stack, strategy, supervisor, resources, live }, style) => {
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
    ...resources.flatMap(({ reason, details = [] }, index) => [
      rows[index] ?? '',
      ...reasonLines(reason, style),
      ...detailLines(details, style),
    ]),
    ...(live === undefined ? [] : liveLines(live, style)),
  ];
};

/** Reasons stand under the name: after the sign and the longest state. */
const REASON_INDENT = '  ✖ unhealthy  '.length;

/** The score, the flows that it ran, and the last steps of heal. */
function liveLines(
  { score, unscored = '', flows, heal }: NonNullable<StatusDocument['live']>,
  { palette, width }: Style,
): string[] {
  const { strong, faint, good, bad, warning } = palette;
  const scored =
    score === undefined
      ? unscored === ''
        ? faint('being taken …')
        : warning(unscored)
      : `${strong(`${points(score.adjusted)} / ${points(score.max)}   ${score.grade}`)}  ${score.failures.length === 0 ? '' : `${bad(gateWords(score.failures))}  `}${faint(`at ${timeOfDay(score.takenAt).slice(0, 8)} UTC`)}`;
  return [
    '',
    `  score  ${scored}`,
    ...flows.map(({ name, status: state, durationMs }) => {
      const sign = state === 'passed' ? good(`${SIGN.done} passed`) : bad(`${SIGN.failed} failed`);
      return `  ${sign}  ${name}  ${faint(duration(durationMs))}`;
    }),
    ...(heal.length === 0 ? [] : ['', strong('  heal')]),
    ...heal.map(({ at, event, remedy = '', subject = '', said = '' }) =>
      truncate(
        `  ${[timeOfDay(at).slice(0, 8), event, remedy, subject, said].filter((word) => word !== '').join('  ')}`,
        width,
      ),
    ),
  ];
}

function reasonLines(reason: string, { width }: Style): string[] {
  if (reason === '') return [];
  return wrap(reason, width - REASON_INDENT).map((line) => ' '.repeat(REASON_INDENT) + line);
}

/** What a health document that is well says is not; with `--verbose` all that it tells. */
function detailLines(
  details: NonNullable<ResourceObservation['details']>,
  { palette, width, verbose }: Style,
): string[] {
  return details
    .filter(({ well }) => verbose || !well)
    .map(({ name, well, said }) => {
      const line = truncate(`${well ? SIGN.done : SIGN.none} ${name}: ${said}`, width - REASON_INDENT);
      return ' '.repeat(REASON_INDENT) + (well ? palette.faint : palette.warning)(line);
    });
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
    { text: portsOf(ports), paint: palette.faint },
    { text: pidOf(pid, restarts), paint: palette.faint },
  ];
}

/** The one that clients use, and how many more there are: `qbtc ports` lists them all. */
function portsOf([first, ...others]: readonly number[]): string {
  return [
    ...(first === undefined ? [] : [first]),
    ...(others.length === 0 ? [] : [`+${others.length}`]),
  ].join(' ');
}

function pidOf(pid: number | undefined, restarts: number): string {
  const again = restarts === 0 ? [] : [counted(restarts, 'restart')];
  return [...(pid === undefined ? [] : [`pid ${pid}`]), ...again].join(', ');
}
