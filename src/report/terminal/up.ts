import type { DownDocument, UpDocument } from '../document.ts';
import { table } from '../layout.ts';
import { outcomeLines } from './changes.ts';
import { counted, duration, SIGN, type View } from './view.ts';

/** Who provides what and what is lost by it, what was started, and where to send a request. */
export const up: View<UpDocument> = (document, style) => {
  const { strong, good, accent, faint } = style.palette;
  const { stack, strategy, choices, started, kept, outcomes, gatewayUrl, durationMs } = document;
  const troubled = outcomes.filter(({ status }) => status !== 'done');
  const changed = outcomes.length - troubled.length;
  return [
    `${strong(stack)}  ${strategy}`,
    '',
    ...table(
      choices.map(({ resource, provider, reason, loss }) => [
        { text: resource, paint: strong },
        { text: provider },
        { text: loss === '' ? reason : `${reason}; lost by it: ${loss}` },
      ]),
      { indent: 2, width: style.width },
    ),
    '',
    started.length === 0
      ? good(`${SIGN.done} everything was up already: ${kept.join(', ')}`)
      : `${good(`${SIGN.done} ${counted(started.length, 'part')} up in ${duration(durationMs)}`)}: ${started.join(', ')}`,
    ...(started.length > 0 && kept.length > 0 ? [faint(`  left alone: ${kept.join(', ')}`)] : []),
    ...(changed === 0 ? [] : [`${good(`${SIGN.done} ${counted(changed, 'change')} applied`)}`]),
    ...troubled.flatMap((outcome) => outcomeLines(outcome, style)),
    ...(gatewayUrl === undefined ? [] : [`  gateway ${accent(gatewayUrl)}`]),
  ];
};

/** What was ended and removed. */
export const down: View<DownDocument> = ({ stack, stopped, removed }, style) => {
  const { strong, good } = style.palette;
  const first =
    stopped.length === 0
      ? good(`${SIGN.done} nothing was running`)
      : `${good(`${SIGN.done} ended`)}: ${stopped.join(', ')}`;
  return [
    `${strong(stack)}  ${first}`,
    ...removed.map((folder) => `  ${good(`${SIGN.done} removed`)} ${folder}`),
  ];
};
