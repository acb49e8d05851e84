import type { WaitCondition, WaitResult } from '../../../model/wait.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { duration, SIGN } from '../../terminal/view.ts';

/** What was waited for, and what of it is not there. */
export interface WaitedDocument extends WaitResult {
  kind: 'waited';
}

/** Each condition, and under one that is not met, what is missing. */
const waited: View<WaitedDocument> = ({ stack, met, tookMs, waited: all }, { palette, width }) => [
  `${palette.strong(stack)}  ${
    met
      ? palette.good(`${SIGN.done} there after ${duration(tookMs)}`)
      : palette.bad(`${SIGN.failed} not there after ${duration(tookMs)}`)
  }`,
  ...all.flatMap(({ condition, met: isMet, missing }) => [
    isMet
      ? `  ${palette.good(`${SIGN.done} ${wordsOf(condition)}`)}`
      : `  ${palette.bad(`${SIGN.failed} ${wordsOf(condition)}`)}${missing.length === 0 ? palette.faint('  not looked at') : ''}`,
    ...table(
      missing.map(({ name, reason }) => [{ text: name, paint: palette.strong }, { text: reason }]),
      { indent: 6, width },
    ),
  ]),
];

function wordsOf(condition: WaitCondition): string {
  switch (condition.kind) {
    case 'healthy':
      return condition.names.length === 0 ? 'all of it healthy' : `healthy: ${condition.names.join(', ')}`;
    case 'score':
      return `a score of ${condition.points}`;
    case 'flow':
      return `the flows with the tag ${condition.tag}`;
  }
}

export const form: DocumentForm<WaitedDocument> = {
  terminal: waited,
};
