import type { Explanation } from '../../../model/routes.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { SIGN } from '../../terminal/view.ts';

/** Which route answers a request. */
export interface ExplanationDocument extends Explanation {
  kind: 'explanation';
  stack: string;
}

/** The route that answers first, then the others, the nearest first. */
const explanation: View<ExplanationDocument> = (
  { method, url, answer, others },
  { palette, width, verbose },
) => {
  const shown = verbose ? others : others.slice(0, OTHERS_SHOWN);
  return [
    palette.strong(`${method} ${url}`),
    answer === undefined
      ? `  ${palette.bad(`${SIGN.failed} no route takes it`)}: the gateway answers 404`
      : `  ${palette.good(`${SIGN.done} ${answer.id}`)} answers (${answer.uris.join(' ')})`,
    ...(shown.length === 0 ? [] : ['', '  not']),
    ...table(
      shown.map(({ id, reason, undecided }) => [
        { text: id, paint: palette.strong },
        undecided ? { text: reason, paint: palette.warning } : { text: reason },
      ]),
      { indent: 4, width },
    ),
    ...(shown.length < others.length
      ? [palette.faint(`    and ${others.length - shown.length} more (--verbose shows them)`)]
      : []),
  ];
};

const OTHERS_SHOWN = 10;

export const form: DocumentForm<ExplanationDocument> = {
  terminal: explanation,
  json: ({ kind: _, ...document }) => ({ ...document, answer: document.answer ?? null }),
};
