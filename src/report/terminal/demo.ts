import type { DemoDocument } from '../document.ts';
import { table, wrap } from '../layout.ts';
import { flows as flowsView } from './flows.ts';
import { heading } from './score.ts';
import { duration, SIGN, type View } from './view.ts';

/** The journey: its steps, the chat, the flows, and the score. */
export const demo: View<DemoDocument> = ({ stack, steps, chat, flows, score, target }, style) => {
  const { strong, good, bad, faint, accent } = style.palette;
  const indented = (text: string) => wrap(text, style.width - 4).map((line) => `    ${line}`);
  return [
    strong(`the journey of ${stack}`),
    ...table(
      steps.map(({ name, status, durationMs, result }) => [
        status === 'done'
          ? { text: `${SIGN.done} done`, paint: good }
          : { text: `${SIGN.failed} failed`, paint: bad },
        { text: name, paint: strong },
        { text: duration(durationMs), paint: faint },
        { text: result },
      ]),
      { indent: 2, width: style.width, right: [2] },
    ),
    ...(chat
      ? [
          '',
          `  ${strong('you')}`,
          ...indented(chat.question),
          `  ${accent(chat.model)}`,
          ...indented(chat.answer),
        ]
      : []),
    ...(flows.length === 0 ? [] : ['', ...flowsView({ kind: 'flows', flows }, style)]),
    ...(score ? ['', ...heading(score, target, style)] : []),
  ];
};
