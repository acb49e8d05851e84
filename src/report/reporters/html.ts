import { experimentPage } from '../html/experiment.ts';
import { flowsPage } from '../html/flows.ts';
import { scorePage } from '../html/score.ts';
import type { Reporter } from '../reporter.ts';
import { terminal } from './terminal.ts';

/** One page that needs nothing else. What has no page of its own is as at a terminal. */
export const html: Reporter = (document, options) => {
  switch (document.kind) {
    case 'flows':
      return flowsPage(document);
    case 'score':
      return scorePage(document);
    case 'experiment':
      return experimentPage(document);
    default:
      return terminal(document, { ...options, color: false });
  }
};
