import type { HealWatchEvent } from '../../../model/heal.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { heal } from '../../terminal/heal.ts';
import { points } from '../../terminal/score.ts';
import { SIGN, timeOfDay } from '../../terminal/view.ts';

/** What `heal --watch` saw or did; each is printed as it happens. */
export type HealWatchDocument = {
  kind: 'heal-watch';
  /** ISO 8601. */
  at: string;
} & HealWatchEvent;

/** One line of the watch. */
const healWatch: View<HealWatchDocument> = (document, style) => {
  const time = style.palette.faint(timeOfDay(document.at).slice(0, 8));
  switch (document.event) {
    case 'watching':
      return [
        `${time} watching every ${document.every} s; acts below ${document.below} points (Ctrl-C ends)`,
      ];
    case 'looked':
      return [`${time} ${style.palette.warning('not well')}: ${document.unwell.join(', ')}`];
    case 'scored': {
      const verdict = document.acts
        ? 'healing'
        : document.problems === 0
          ? 'nothing to mend'
          : `not below ${document.below}: left as it is`;
      return [`${time} ${points(document.score)} points, ${verdict}`];
    }
    case 'healed':
      return heal(document.result, style).map((line) => (line === '' ? line : `  ${line}`));
    case 'could-not':
      return [`${time} ${style.palette.bad(`${SIGN.failed} could not look`)}: ${document.reason}`];
  }
};

export const form: DocumentForm<HealWatchDocument> = {
  terminal: healWatch,
};
