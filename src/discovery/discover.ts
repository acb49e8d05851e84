import { MAX_PORT } from '../config/ports.ts';
import { messageOf, QbtcError } from '../errors.ts';
import { type Discovery, SOURCE_NAMES, type SourceName, type SourceReport } from '../model/discovery.ts';
import type { Finding } from '../model/finding.ts';
import type { Stack } from '../model/stack.ts';
import { isLocal } from './addresses.ts';
import { group } from './group.ts';
import { inspect } from './inspect.ts';
import { join } from './join.ts';
import { judge } from './judge.ts';
import type { DiscoveryContext, Scope, Sighting } from './source.ts';
import { SOURCES } from './source-registry.ts';

export interface DiscoverOptions {
  /** The sources that are asked; all when left out. */
  sources?: readonly SourceName[];
  /** Whose ports are looked at; this machine's when left out. */
  host?: string;
  portRange?: { first: number; last: number };
  /** Connects to each port instead of reading the system's table. */
  scan?: boolean;
  /** How qbtc runs the declared services now; asked at each look. Left out: it runs none. */
  running?: () => Promise<Scope['running']>;
  ended?: Scope['ended'];
  answered?: Scope['answered'];
  onProgress?: Scope['onProgress'];
}

/**
 * Looks around once: asks all sources at the same time, puts together what belongs together, asks what was found for
 * its health, and says who it is. A source that cannot be asked is told, and the others count without it.
 *
 * @throws QbtcError the reason of an interruption
 */
export async function discover(
  context: DiscoveryContext,
  stack: Stack,
  options: DiscoverOptions = {},
): Promise<Discovery> {
  const scope = { ...scopeOf(stack, options), running: (await options.running?.()) ?? [] };
  const wanted = options.sources ?? SOURCE_NAMES;
  const seen = await Promise.all(
    SOURCE_NAMES.filter((name) => wanted.includes(name)).map((name) => ask(context, scope, name)),
  );
  const sightings = seen.flatMap((each) => each.sightings);
  const socketsKnown =
    isLocal(scope.host) && seen.some(({ report }) => report.source === 'ports' && report.state === 'asked');
  const inspected = await inspect(context, scope, join(sightings), { socketsKnown });
  const { named, others } = judge(inspected);
  const { services, findings } = group(named, stack, stack.discovery.path);
  return {
    stack: stack.name,
    takenAt: new Date(context.clock.now()).toISOString(),
    services,
    others: others.sort(
      (a, b) => a.address.port - b.address.port || a.address.host.localeCompare(b.address.host),
    ),
    sources: seen.map(({ report }) => report),
    findings: [...seen.flatMap((each) => each.findings), ...findings],
  };
}

/** Where the options say to look. */
export function scopeOf(stack: Stack, options: DiscoverOptions): Scope {
  return {
    stack,
    host: options.host ?? '127.0.0.1',
    portRange: options.portRange ?? { first: 1, last: MAX_PORT },
    scan: options.scan ?? false,
    keywords: stack.discovery.keywords,
    running: [],
    ...(options.ended === undefined ? {} : { ended: options.ended }),
    ...(options.answered === undefined ? {} : { answered: options.answered }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
}

interface Seen {
  sightings: Sighting[];
  findings: Finding[];
  report: SourceReport;
}

async function ask(context: DiscoveryContext, scope: Scope, source: SourceName): Promise<Seen> {
  const nothing = (state: SourceReport['state'], reason: string): Seen => ({
    sightings: [],
    findings: [],
    report: { source, state, reason, sightings: 0 },
  });
  try {
    const absent = await SOURCES[source].absent(context, scope);
    if (absent !== undefined) return nothing('absent', absent);
    const { sightings, findings = [] } = await SOURCES[source].look(context, scope);
    return {
      sightings,
      findings,
      report: { source, state: 'asked', reason: '', sightings: sightings.length },
    };
  } catch (error) {
    context.interrupted.throwIfAborted();
    const hint = error instanceof QbtcError && error.hint !== undefined ? ` (${error.hint})` : '';
    return nothing('failed', `${messageOf(error)}${hint}`);
  }
}
