import type { DumpDocument, ExplanationDocument, RoutesDocument } from '../document.ts';
import { table } from '../layout.ts';
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

/** The file as it is, or where it went. */
export const dump: View<DumpDocument> = ({ yaml, objects, missing, file }, { palette }) => {
  const open = missing.map((text) => palette.warning(`# missing: ${text}`));
  if (file === undefined) return [...open, yaml.trimEnd()];
  return [`${palette.good(`${SIGN.done} ${counted(objects, 'object')}`)} written to ${file}`, ...open];
};
