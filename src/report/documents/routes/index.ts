import type { ListedRoute } from '../../../model/routes.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { counted } from '../../terminal/view.ts';

/** The routes of the gateway. */
export interface RoutesDocument {
  kind: 'routes';
  stack: string;
  routes: ListedRoute[];
}

/** Where each route leads, and what runs on it. */
const routes: View<RoutesDocument> = ({ stack, routes: all }, { palette, width }) => {
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

export const form: DocumentForm<RoutesDocument> = {
  terminal: routes,
};
