import type { DemoResult } from '../../../model/lifecycle.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table, wrap } from '../../layout.ts';
import { flowResult } from '../../shapes.ts';
import { flows as flowsView } from '../../terminal/flows.ts';
import { heading } from '../../terminal/score.ts';
import { duration, SIGN } from '../../terminal/view.ts';

/** The journey of `demo`. */
export interface DemoDocument extends Omit<DemoResult, 'failure'> {
  kind: 'demo';
}

/** The journey: its steps, the chat, the flows, and the score. */
const demo: View<DemoDocument> = ({ stack, steps, chat, flows, score, target }, style) => {
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
    ...(flows.length === 0 ? [] : ['', ...flowsView({ flows }, style)]),
    ...(score ? ['', ...heading(score, target, style)] : []),
  ];
};

export const form: DocumentForm<DemoDocument> = {
  terminal: demo,
  json: ({ kind: _, ...document }) => ({
    ...document,
    flows: document.flows.map(flowResult),
    chat: document.chat ?? null,
    score: document.score ?? null,
  }),
};
