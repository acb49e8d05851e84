import type { Condition, FoundInstance, FoundService } from '../../model/discovery.ts';
import type {
  DiscoveryDocument,
  RegisteredDocument,
  ServiceChangeDocument,
  ServiceDocument,
} from '../document.ts';
import { type Cell, table, wrap } from '../layout.ts';
import type { Palette } from '../palette.ts';
import { findingLines } from './findings.ts';
import { counted, SIGN, type Style, timeOfDay, type View } from './view.ts';

/** What is found, a service a row and an instance a line; below it by which sources, and what is wrong. */
export const discovery: View<DiscoveryDocument> = (document, style) => {
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

/** The story of one service: who says what of each instance, how it came together, what speaks against it. */
export const service: View<ServiceDocument> = ({ services }, style) =>
  services.flatMap((each, index) => [...(index === 0 ? [] : ['']), ...story(each, style)]);

/** What was or would be registered and announced. */
export const registered: View<RegisteredDocument> = (document, style) => {
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

/** One line a change. */
export const serviceChange: View<ServiceChangeDocument> = (
  { time, change, service: name, instance, reason },
  { palette, width },
) => {
  const paints: Partial<Record<ServiceChangeDocument['change'], (text: string) => string>> = {
    healthy: palette.good,
    settled: palette.good,
    'source-back': palette.good,
    crashed: palette.bad,
    refused: palette.bad,
    unhealthy: palette.warning,
    damped: palette.warning,
    'source-lost': palette.warning,
  };
  const paint = paints[change] ?? ((text: string) => text);
  const who = [name, instance].filter((text) => text !== '').join(' ');
  const start = `${palette.faint(timeOfDay(time))}  ${paint(change.padEnd(11))}  `;
  return wrap([who, reason].filter((text) => text !== '').join(': '), width - 27).map((line, index) =>
    index === 0 ? `${start}${line}` : `${' '.repeat(27)}${line}`,
  );
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

function conditionCell(condition: Condition, palette: Palette): Cell {
  if (condition === 'healthy') return { text: `${SIGN.done} healthy`, paint: palette.good };
  if (condition === 'unhealthy' || condition === 'crashed')
    return { text: `${SIGN.failed} ${condition}`, paint: palette.bad };
  return { text: `${SIGN.none} ${condition}`, paint: palette.warning };
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

function addressOf(address: { host: string; port: number } | undefined): string {
  if (address === undefined) return SIGN.none;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
