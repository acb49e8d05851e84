import type { Condition, FoundRoute, FoundService, Origin } from '../model/discovery.ts';
import type { Finding } from '../model/finding.ts';
import type { Stack } from '../model/stack.ts';
import type { NamedInstance } from './judge.ts';
import { idProblem, urisBelow, urisOf } from './paths.ts';
import type { Claim } from './source.ts';

/** The best of its instances counts for the service. */
const ORDER: readonly Condition[] = [
  'healthy',
  'unhealthy',
  'starting',
  'restarting',
  'unknown',
  'crashed',
  'stopped',
  'absent',
];
const ORIGINS: readonly Origin[] = ['declared', 'labelled', 'announced', 'guessed'];

export interface Grouped {
  services: FoundService[];
  findings: Finding[];
}

/**
 * Makes services of instances. Instances of one name are replicas when they are of one kin, never by their name alone;
 * of two rivals for a name or a path the declared one keeps it, then the older one, and the other is refused, both
 * named.
 */
export function group(named: readonly NamedInstance[], stack: Stack, pathPrefix: string): Grouped {
  const findings: Finding[] = [];
  const services: FoundService[] = [];
  const byName = new Map<string, NamedInstance[]>();
  for (const each of [...named].sort(bySeniority)) {
    const list = byName.get(each.name);
    if (list) list.push(each);
    else byName.set(each.name, [each]);
  }
  for (const [name, instances] of byName) {
    const { members, rivals, strangers } = familyOf(instances);
    const owner = members[0] === undefined ? name : titleOf(members[0]);
    const taken = `the name ${name} belongs to ${owner}`;
    services.push(serviceOf(name, members, pathPrefix));
    for (const rival of rivals) {
      services.push(serviceOf(name, [rival], pathPrefix, taken));
      findings.push({
        code: 'name-taken',
        severity: 'error',
        subject: titleOf(rival),
        message: `${taken}; ${titleOf(rival)} claims it, too`,
        fix: 'give one of them another name',
      });
    }
    if (strangers.length > 0)
      services.push(serviceOf(name, strangers, pathPrefix, `${taken}; nobody vouches for this one`));
  }
  services.sort(
    (a, b) => ORIGINS.indexOf(a.origin) - ORIGINS.indexOf(b.origin) || a.name.localeCompare(b.name),
  );
  refuseIds(services, stack);
  findings.push(...refusePaths(services, byName, stack));
  return { services, findings };
}

/**
 * Who of one name belongs together: those who share a kin with the eldest, or with one who does. A rival claims the name
 * and does not belong; a stranger claims nothing: another stack's copy, or one that somebody started by hand.
 */
function familyOf(
  instances: readonly NamedInstance[],
): Record<'members' | 'rivals' | 'strangers', NamedInstance[]> {
  const family = new Set(instances[0]?.claims.map(({ kin }) => kin));
  const found = { members: [], rivals: [], strangers: [] } as ReturnType<typeof familyOf>;
  for (const each of instances) {
    const kins = each.claims.map(({ kin }) => kin);
    if (family.size === 0 || kins.some((kin) => family.has(kin))) {
      found.members.push(each);
      for (const kin of kins) family.add(kin);
    } else if (kins.length === 0) found.strangers.push(each);
    else found.rivals.push(each);
  }
  return found;
}

function refuseIds(services: readonly FoundService[], stack: Stack): void {
  for (const service of services) {
    const problem = service.route?.from === 'declared' ? undefined : idProblem(service.name, stack);
    if (service.route === undefined || problem === undefined) continue;
    service.route = undefined;
    service.unrouted = problem;
  }
}

function bySeniority(a: NamedInstance, b: NamedInstance): number {
  return (
    ORIGINS.indexOf(a.origin) - ORIGINS.indexOf(b.origin) ||
    sinceOf(a) - sinceOf(b) ||
    a.instance.id.localeCompare(b.instance.id)
  );
}

function sinceOf({ claims }: NamedInstance): number {
  return Math.min(...claims.map(({ since }) => since ?? Number.POSITIVE_INFINITY));
}

/** Who an instance is, as a person can find it. */
function titleOf({ instance, claims }: NamedInstance): string {
  const origin = claims[0]?.origin;
  if (origin === 'declared') return `${claims[0]?.name} of qbtc.yaml`;
  const docker = instance.evidence.find(({ source }) => source === 'docker');
  return docker?.found.split(' ').slice(0, 2).join(' ') ?? instance.id;
}

/** @param refused why its name is not its own; left out when it is */
function serviceOf(
  name: string,
  members: readonly NamedInstance[],
  pathPrefix: string,
  refused?: string,
): FoundService {
  const claims = members.flatMap((each) => each.claims);
  const origin = ORIGINS.find((each) => members.some((member) => member.origin === each)) ?? 'guessed';
  const instances = members.map(({ instance }) => instance);
  const evidence = instances.flatMap((each) => each.evidence);
  const contradictions = members.flatMap((member) => member.contradictions);
  for (const [what, values] of [
    ['path', claims.map(({ path }) => path)],
    ['plugins', claims.map(({ plugins }) => plugins && JSON.stringify(plugins))],
  ] as const) {
    const distinct = [...new Set(values.filter((value) => value !== undefined))];
    if (distinct.length > 1)
      contradictions.push(
        `its instances want different ${what}: ${distinct.join(' and ')}; the oldest counts`,
      );
  }
  const bad = claims.find((claim) => claim.refused !== undefined)?.refused;
  // A container that does not run has no address now.
  const hasAddress = instances.some(
    ({ address, condition }) =>
      address !== undefined || condition === 'crashed' || condition === 'restarting',
  );
  const route = routeOf(name, origin, claims, hasAddress, pathPrefix);
  const why = refused ?? bad ?? (route === undefined ? whyUnrouted(origin, claims) : '');
  return {
    name,
    ownsName: refused === undefined,
    origin,
    confidence: Math.max(0, ...members.map(({ confidence }) => confidence)),
    condition: ORDER.find((each) => instances.some(({ condition }) => condition === each)) ?? 'unknown',
    sources: [...new Set(evidence.map(({ source }) => source))],
    evidence,
    instances,
    contradictions: [...new Set(contradictions)],
    health: members[0]?.healthPath ?? '/health',
    plugins: claims.find(({ plugins }) => plugins !== undefined)?.plugins ?? {},
    route: why === '' ? route : undefined,
    unrouted: why,
  };
}

function routeOf(
  name: string,
  origin: Origin,
  claims: readonly Claim[],
  hasAddress: boolean,
  pathPrefix: string,
): FoundRoute | undefined {
  if (origin === 'declared') {
    const uris = [...new Set(claims.flatMap((claim) => claim.uris ?? []))];
    return uris.length === 0 ? undefined : { from: 'declared', uris };
  }
  if (origin === 'guessed' || !hasAddress) return undefined;
  return defaultRoute(name, claims.find((claim) => claim.path !== undefined)?.path, pathPrefix);
}

/** The route of what is not in `qbtc.yaml`: at the path that its label names, or else below the prefix. */
export function defaultRoute(name: string, path: string | undefined, pathPrefix: string): FoundRoute {
  return path === undefined
    ? { from: 'default', uris: urisBelow(`${pathPrefix === '/' ? '' : pathPrefix}/${name}`) }
    : { from: 'label', uris: urisBelow(path) };
}

function whyUnrouted(origin: Origin, claims: readonly Claim[]): string {
  if (origin === 'declared' && claims.length > 0) return 'qbtc.yaml declares no routes for it';
  if (origin === 'guessed') return 'nobody has asked for it: label it, declare it, or name it with --include';
  return 'it has no address';
}

/** Takes the routes from those whose paths another has: what is declared, then what is older, comes first. */
function refusePaths(
  services: readonly FoundService[],
  byName: ReadonlyMap<string, readonly NamedInstance[]>,
  stack: Stack,
): Finding[] {
  const owners = new Map<string, string>();
  for (const { kind, id, object } of stack.gateway.objects)
    if (kind === 'route') for (const uri of urisOf(object)) owners.set(uri, `route ${id} of the stack`);
  for (const service of stack.services)
    for (const route of service.routes)
      for (const uri of urisOf(route)) owners.set(uri, `${service.name} of qbtc.yaml`);
  const age = ({ name }: FoundService) => Math.min(...(byName.get(name) ?? []).map(sinceOf));
  const findings: Finding[] = [];
  const discovered = services.filter(({ route }) => route !== undefined && route.from !== 'declared');
  for (const service of discovered.sort((a, b) => age(a) - age(b) || a.name.localeCompare(b.name))) {
    const uris = service.route?.uris ?? [];
    const taken = uris.find((uri) => owners.has(uri));
    if (taken === undefined) {
      for (const uri of uris) owners.set(uri, service.name);
      continue;
    }
    const reason = `the path ${taken} belongs to ${owners.get(taken)}`;
    service.route = undefined;
    service.unrouted = reason;
    findings.push({
      code: 'path-taken',
      severity: 'error',
      subject: service.name,
      message: `${reason}; ${service.name} claims it, too`,
      fix: 'give one of them another qbtc.path',
    });
  }
  return findings;
}
