import type { WatchEvent } from '../../../model/watch.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { counted, duration, SIGN, timeOfDay } from '../../terminal/view.ts';

/** What `up --watch` did, or would not do; each is printed as it happens. */
export type WatchDocument = {
  kind: 'watch';
  /** ISO 8601. */
  at: string;
} & WatchEvent;

const SHOWN_FILES = 3;

/** One event of the watch. */
const watch: View<WatchDocument> = (document, { palette }) => {
  const { faint, good, bad, warning, strong, accent } = palette;
  const time = faint(timeOfDay(document.at).slice(0, 8));
  switch (document.event) {
    case 'watching':
      return [
        `${time} ${good(`${SIGN.done} up`)}${document.gatewayUrl === null ? '' : `  ${accent(document.gatewayUrl)}`}`,
        `${time} watching ${counted(document.folders, 'folder')} (Ctrl-C ends the watch; the stack runs on)`,
      ];
    case 'applied':
      return [
        `${time} ${faint(filesOf(document.files))}`,
        ...(document.restarted.length === 0
          ? []
          : [`${time} ${good(`${SIGN.done} runs anew`)}: ${strong(document.restarted.join(', '))}`]),
        ...document.changes.map((change) => `${time} ${good(SIGN.done)} ${change}`),
        `${time} ${faint(`after ${duration(document.durationMs)}`)}`,
      ];
    case 'refused':
      return [
        `${time} ${faint(filesOf(document.files))}`,
        `${time} ${bad(`${SIGN.failed} ${document.message}`)}`,
        ...document.details.map((line) => `    ${line}`),
        ...(document.hint === null ? [] : [warning(`    ${document.hint}`)]),
      ];
    case 'tested':
      return [
        document.failed.length === 0
          ? `${time} ${good(`${SIGN.done} ${counted(document.passed, 'flow')} passed`)} (${document.tag})`
          : `${time} ${bad(`${SIGN.failed} ${document.failed.length} failed`)}, ${document.passed} passed (${document.tag})`,
        ...document.failed.map(({ name, reason }) => `    ${strong(name)}: ${reason}`),
      ];
    case 'ended':
      return [`${time} the watch has ended; the stack runs on: ${accent('qbtc down')} ends it`];
  }
};

function filesOf(files: readonly string[]): string {
  const left = files.length - SHOWN_FILES;
  return [...files.slice(0, SHOWN_FILES), ...(left > 0 ? [`and ${left} more`] : [])].join(', ');
}

export const form: DocumentForm<WatchDocument> = {
  terminal: watch,
};
