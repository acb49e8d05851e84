import type { DumpDocument, ExplanationDocument, FindingsDocument, RoutesDocument } from '../document.ts';
import { table, wrap } from '../layout.ts';
import { counted, SIGN, type View } from './view.ts';

/** Where each route leads, and what runs on it. */
export const routes: View<RoutesDocument> = ({ stack, routes: all }, { palette, width }) => {
  if (all.length === 0) return [`${palette.strong(`routes of ${stack}`)}: the gateway holds none`];
  return [
    `${palette.strong(`routes of ${stack}`)}: ${counted(all.length, 'route')}`,
    '',
    ...all.flatMap(({ id, methods, uris, nodes, plugins, owner, status }) => [
      `  ${palette.accent(uris.join(' '))}  ${methods.length === 0 ? 'any method' : methods.join(' ')}`,
      ...table(
        [
          [{ text: 'id', paint: palette.faint }, { text: id + (status === 'off' ? ' (switched off)' : '') }],
          [{ text: 'to', paint: palette.faint }, { text: nodes.length === 0 ? 'no node' : nodes.join(', ') }],
          ...(plugins.length === 0
            ? []
            : [[{ text: 'with', paint: palette.faint }, { text: plugins.join(', ') }]]),
          ...(owner === ''
            ? []
            : [
                [
                  { text: 'not ours', paint: palette.warning },
                  { text: owner, paint: palette.warning },
                ],
              ]),
        ],
        { indent: 4, width },
      ),
    ]),
  ];
};

/** What was found, where it is written, and what would mend it. */
export const findings: View<FindingsDocument> = (
  { subject, about: of = 'the routes', stack, findings: all, checked, notJudged = [] },
  { palette, width },
) => {
  const looked = checked === undefined ? '' : `, ${counted(checked, 'object')} checked`;
  const heading = palette.strong(`${subject} of ${of} of ${stack}`);
  const open = notJudged.flatMap((text) =>
    wrap(`not judged: ${text}`, width - 4).map((line) => `  ${palette.warning(line)}`),
  );
  if (all.length === 0) {
    const nothing =
      checked === 0 ? palette.warning('nothing was judged') : palette.good(`${SIGN.done} nothing found`);
    return [`${heading}: ${nothing}${looked}`, ...open];
  }
  return [
    `${heading}: ${counted(all.length, 'finding')}${looked}`,
    ...all.flatMap(({ code, severity, subject: about, message, fix, place }) => {
      const paint = severity === 'error' ? palette.bad : palette.warning;
      const at = place === undefined ? about : `${place.file}:${place.line}:${place.column}`;
      return [
        `  ${paint(`${severity === 'error' ? SIGN.failed : SIGN.none} ${severity}`)} ${at}  ${palette.faint(code)}`,
        ...wrap(place === undefined ? message : `${about}: ${message}`, width - 6).map(
          (line) => `      ${line}`,
        ),
        ...(fix === '' ? [] : wrap(fix, width - 6).map((line) => `      ${palette.faint(line)}`)),
      ];
    }),
    ...open,
  ];
};

const OTHERS_SHOWN = 10;

/** The route that answers first, then the others, the nearest first. */
export const explanation: View<ExplanationDocument> = (
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
      shown.map(({ id, reason }) => [{ text: id, paint: palette.strong }, { text: reason }]),
      { indent: 4, width },
    ),
    ...(shown.length < others.length
      ? [palette.faint(`    and ${others.length - shown.length} more (--verbose shows them)`)]
      : []),
  ];
};

/** The file as it is, or where it went. */
export const dump: View<DumpDocument> = ({ yaml, objects, missing, file }, { palette }) => {
  const open = missing.map((text) => palette.warning(`# missing: ${text}`));
  if (file === undefined) return [...open, yaml.trimEnd()];
  return [`${palette.good(`${SIGN.done} ${counted(objects, 'object')}`)} written to ${file}`, ...open];
};
