import type { FoundService } from '../../../model/discovery.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { table, wrap } from '../../layout.ts';
import { foundService } from '../../shapes.ts';
import { addressOf, conditionCell, percent } from '../../terminal/found-service.ts';
import { SIGN } from '../../terminal/view.ts';

/** All that is known of one service. */
export interface ServiceDocument {
  kind: 'service';
  stack: string;
  /** More than one where rivals claim the name. */
  services: FoundService[];
}

/** The story of one service: who says what of each instance, how it came together, what speaks against it. */
const service: View<ServiceDocument> = ({ services }, style) =>
  services.flatMap((each, index) => [...(index === 0 ? [] : ['']), ...story(each, style)]);

function story(each: FoundService, { palette, width }: Style): string[] {
  const lines = (text: string, indent: number, paint = (line: string) => line) =>
    wrap(text, width - indent - 2).map(
      (line, index) => `${' '.repeat(indent + (index === 0 ? 0 : 2))}${paint(line)}`,
    );
  const origins = {
    declared: 'declared in qbtc.yaml',
    labelled: 'labelled by its container',
    announced: 'announced on the bus',
    guessed: 'nobody brought it in: it looks like a service',
  };
  const route =
    each.route === undefined
      ? lines(`no route: ${each.unrouted}`, 2, palette.warning)
      : lines(`route ${each.route.uris.join(', ')} (${routeSource(each)})`, 2);
  return [
    `${palette.strong(each.name)}: ${origins[each.origin]}, ${percent(each.confidence)} sure`,
    ...each.instances.flatMap((instance) => {
      const { address, condition, reason, evidence, joinedBy, version, weight } = instance;
      const cell = conditionCell(condition, palette);
      const facts = [
        version === undefined ? '' : `version ${version}`,
        weight === 1 ? '' : `weight ${weight}`,
      ].filter((text) => text !== '');
      const at = address === undefined ? instance.id : addressOf(address);
      const after = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
      return [
        '',
        `  ${at}  ${cell.paint?.(cell.text) ?? cell.text}${after}`,
        ...(reason === '' ? [] : lines(reason, 4, palette.warning)),
        ...table(
          evidence.map(({ source, found }) => [{ text: source, paint: palette.accent }, { text: found }]),
          { indent: 4, width },
        ),
        ...(joinedBy.length === 0 ? [] : lines(`joined by ${joinedBy.join(', ')}`, 4, palette.faint)),
      ];
    }),
    '',
    ...each.contradictions.flatMap((text) => lines(`${SIGN.failed} ${text}`, 2, palette.bad)),
    ...route,
  ];
}

function routeSource({ route, name }: FoundService): string {
  if (route?.from === 'declared') return 'from qbtc.yaml';
  return route?.from === 'label' ? 'from its label' : `by default: ${name} names no path`;
}

export const form: DocumentForm<ServiceDocument> = {
  terminal: service,
  json: ({ stack, services }) => ({ stack, services: services.map(foundService) }),
};
