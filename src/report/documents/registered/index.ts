import type { Registration } from '../../../model/discovery.ts';
import type { Finding } from '../../../model/finding.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table, wrap } from '../../layout.ts';
import { foundService } from '../../shapes.ts';
import { findingLines } from '../../terminal/findings.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What `discover --register` did, or would do. */
export interface RegisteredDocument extends Omit<Registration, 'outcomes'> {
  kind: 'registered';
  stack: string;
  dryRun: boolean;
  findings: Finding[];
}

/** What was or would be registered and announced. */
const registered: View<RegisteredDocument> = (document, style) => {
  const { stack, dryRun, services, changes, announced, announcing, unannounced, findings } = document;
  const { palette, width } = style;
  const routed = services.filter(({ route }) => route !== undefined);
  const heading = palette.strong(`${dryRun ? 'would register' : 'registration'} for ${stack}`);
  const unrouted = services.filter(({ unrouted: reason }) => reason !== '');
  return [
    `${heading}: ${counted(routed.length, 'service')} with a route, ${counted(changes.length, 'change')}`,
    ...(changes.length === 0 ? [`  ${palette.good(`${SIGN.done} nothing to change at the gateway`)}`] : []),
    ...changes.flatMap(({ action, kind, name, reason, status, why, blocked }) => {
      const failed = status === 'failed' || status === 'skipped' || blocked !== undefined;
      const sign = failed
        ? palette.bad(SIGN.failed)
        : palette.good(status === undefined ? SIGN[action] : SIGN.done);
      const text = `${action} ${kind} ${name}: ${blocked ?? why ?? reason ?? ''}`;
      return wrap(text, width - 4).map((line, index) => (index === 0 ? `  ${sign} ${line}` : `    ${line}`));
    }),
    ...announced.map(({ key, name, instance }) => {
      const said = dryRun ? 'would announce' : 'announced';
      return `  ${palette.good(dryRun ? SIGN.create : SIGN.done)} ${said} ${key} ${name} (${instance})`;
    }),
    ...(unannounced === ''
      ? []
      : wrap(
          `${announcing === 'failed' ? SIGN.failed : SIGN.none} not announced: ${unannounced}`,
          width - 4,
        ).map((line) => `  ${palette.warning(line)}`)),
    ...(findings.length === 0 ? [] : ['', ...findings.flatMap((finding) => findingLines(finding, style))]),
    ...(unrouted.length === 0 ? [] : ['', palette.faint('without a route:')]),
    ...table(
      unrouted.map(({ name, unrouted: reason }) => [{ text: name }, { text: reason, paint: palette.faint }]),
      { indent: 2, width },
    ),
  ];
};

export const form: DocumentForm<RegisteredDocument> = {
  terminal: registered,
  json: ({ kind: _, ...document }) => ({ ...document, services: document.services.map(foundService) }),
};
