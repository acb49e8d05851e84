import type { Timing, UpResult } from '../../../model/lifecycle.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { outcomeLines } from '../../terminal/changes.ts';
import { counted, duration, SIGN } from '../../terminal/view.ts';

/** What `up` did. */
export interface UpDocument extends Omit<UpResult, 'timing'> {
  kind: 'up';
  /** Where it was asked for. */
  timing?: Timing;
}

/** Who provides what and what is lost by it, what was started, and where to send a request. */
const up: View<UpDocument> = (document, style) => {
  const { strong, good, accent, faint } = style.palette;
  const {
    stack,
    strategy,
    choices,
    services,
    started,
    kept,
    outdated,
    outcomes,
    gatewayUrl,
    durationMs,
    timing,
  } = document;
  const contained = services.filter(({ runs }) => runs === 'container').map(({ service }) => service);
  const troubled = outcomes.filter(({ status }) => status !== 'done');
  const changed = outcomes.length - troubled.length;
  return [
    `${strong(stack)}  ${strategy}`,
    ...(choices.length === 0 ? [] : ['']),
    ...table(
      choices.map(({ resource, provider, reason, loss }) => [
        { text: resource, paint: strong },
        { text: provider },
        { text: loss === '' ? reason : `${reason}; lost by it: ${loss}` },
      ]),
      { indent: 2, width: style.width },
    ),
    ...(contained.length === 0 ? [] : [`  services in containers: ${contained.join(', ')}`]),
    '',
    started.length === 0
      ? good(`${SIGN.done} everything was up already: ${kept.join(', ')}`)
      : `${good(`${SIGN.done} ${counted(started.length, 'part')} up in ${duration(durationMs)}`)}: ${started.join(', ')}`,
    ...table(
      outdated.map(({ service, files: [first = '', ...others] }) => {
        const which =
          others.length === 0 ? `${first} has` : `${first} and ${counted(others.length, 'other file')} have`;
        const text = `${service} runs as it was before: ${which} changed since (qbtc restart ${service})`;
        return [{ text: '!' }, { text, paint: style.palette.warning }];
      }),
      { indent: 2, width: style.width },
    ),
    ...(started.length > 0 && kept.length > 0 ? [faint(`  left alone: ${kept.join(', ')}`)] : []),
    ...(changed === 0 ? [] : [`${good(`${SIGN.done} ${counted(changed, 'change')} applied`)}`]),
    ...troubled.flatMap((outcome) => outcomeLines(outcome, style)),
    ...(gatewayUrl === undefined ? [] : [`  gateway ${accent(gatewayUrl)}`]),
    ...(timing === undefined ? [] : ['', ...timingLines(timing, style)]),
  ];
};

/** A picture of the steps over the time, those of the critical chain marked. */
function timingLines({ steps, critical }: NonNullable<UpDocument['timing']>, style: Style): string[] {
  const { strong, faint } = style.palette;
  const end = Math.max(1, ...steps.map(({ endMs }) => endMs));
  const longest = Math.max(0, ...steps.map(({ name }) => name.length));
  const room = Math.max(10, style.width - longest - TIMES_WIDTH);
  const column = (ms: number) => Math.round((ms / end) * room);
  return [
    `  ${strong('timing')}  the critical chain is marked ${MARK}`,
    ...steps.map(({ name, startMs, endMs }) => {
      const isCritical = critical.includes(name);
      const length = Math.max(1, column(endMs) - column(startMs));
      const bar = `${' '.repeat(column(startMs))}${(isCritical ? '█' : '░').repeat(length)}`;
      const times = `${seconds(startMs)} +${seconds(endMs - startMs)}`;
      const line = `${isCritical ? MARK : ' '} ${name.padEnd(longest)}  ${times}  ${bar}`;
      return `  ${isCritical ? line : faint(line)}`.trimEnd();
    }),
  ];
}

const MARK = '*';

/** Margin, mark, and the two times with their gaps. */
const TIMES_WIDTH = 2 + 2 + 2 + 15 + 2 + 1;

/** Seconds in seven columns: ` 12.34s`. */
function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)}s`.padStart(7);
}

export const form: DocumentForm<UpDocument> = {
  terminal: up,
  json: ({ kind: _, ...document }) => ({ ...document, gatewayUrl: document.gatewayUrl ?? null }),
};
