import type { Discovery, FoundInstance, FoundService } from '../../../model/discovery.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { type Cell, table, wrap } from '../../layout.ts';
import type { Palette } from '../../palette.ts';
import { foundService } from '../../shapes.ts';
import { findingLines } from '../../terminal/findings.ts';
import { addressOf, conditionCell, percent } from '../../terminal/found-service.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What discovery found. */
export interface DiscoveryDocument extends Discovery {
  kind: 'discovery';
  /** Also what listens and is no service. */
  all: boolean;
}

/** What is found, a service a row and an instance a line; below it by which sources, and what is wrong. */
const discovery: View<DiscoveryDocument> = (document, style) => {
  const { services, others, sources, findings, all, stack } = document;
  const { palette, width } = style;
  const heading = `${palette.strong(`services around ${stack}`)}: ${counted(services.length, 'service')}`;
  const unasked = sources.filter(({ state }) => state !== 'asked');
  return [
    heading,
    ...(services.length === 0 ? [] : ['', ...serviceTable(services, style)]),
    ...othersLines(others, all, style),
    ...(findings.length === 0 ? [] : ['', ...findings.flatMap((finding) => findingLines(finding, style))]),
    ...(unasked.length === 0 ? [] : ['']),
    ...unasked.flatMap(({ source, state, reason }) =>
      wrap(`${state === 'failed' ? SIGN.failed : SIGN.none} ${source} not asked: ${reason}`, width - 4).map(
        (line, index) =>
          `  ${index === 0 ? '' : '  '}${state === 'failed' ? palette.warning(line) : palette.faint(line)}`,
      ),
    ),
  ];
};

function serviceTable(services: readonly FoundService[], style: Style): string[] {
  const { palette, width } = style;
  const head = ['name', 'address', 'health', 'sure', 'route'].map((text) => ({ text, paint: palette.faint }));
  const rows = services.flatMap((each) => {
    const [first, ...rest] = each.instances;
    const route = each.route?.uris.join(', ') ?? SIGN.none;
    const name: Cell = { text: each.name, paint: palette.strong };
    const sure = { text: percent(each.confidence) };
    return [
      [name, ...instanceCells(first, palette), sure, { text: route, paint: palette.accent }],
      ...rest.map((instance) => [
        { text: '' },
        ...instanceCells(instance, palette),
        { text: '' },
        { text: '' },
      ]),
    ];
  });
  const sources = services.map(({ name, sources: all }) => [
    { text: name, paint: palette.faint },
    { text: all.join(', '), paint: palette.faint },
  ]);
  return [
    ...table([head, ...rows], { indent: 2, width, right: [3] }),
    '',
    palette.faint('seen by'),
    ...table(sources, { indent: 2, width }),
  ];
}

function instanceCells(instance: FoundInstance | undefined, palette: Palette): Cell[] {
  if (instance === undefined) return [{ text: '' }, { text: '' }];
  const { address, condition } = instance;
  return [{ text: addressOf(address) }, conditionCell(condition, palette)];
}

function othersLines(others: DiscoveryDocument['others'], all: boolean, { palette, width }: Style): string[] {
  if (others.length === 0) return [];
  if (!all) return ['', palette.faint(`${counted(others.length, 'other port')} in use: qbtc discover --all`)];
  return [
    '',
    palette.faint('no services'),
    ...table(
      others.map(({ address, protocol, found }) => [
        { text: addressOf(address) },
        { text: protocol, paint: palette.accent },
        { text: found, paint: palette.faint },
      ]),
      { indent: 2, width },
    ),
  ];
}

export const form: DocumentForm<DiscoveryDocument> = {
  terminal: discovery,
  json: ({ kind: _, all: __, ...document }) => ({
    ...document,
    services: document.services.map(foundService),
    others: document.others.map(({ pid, program, ...other }) => ({
      ...other,
      pid: pid ?? null,
      program: program ?? null,
    })),
  }),
};
