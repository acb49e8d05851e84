import { suggestStackName } from '../../config/name.ts';
import type { Place, Seen } from '../../model/adoption.ts';
import { RESOURCE_KINDS, type ResourceKind } from '../../model/resource.ts';
import { factsOf } from '../../resources/facts.ts';
import type { Fact, UnitFact } from '../fact.ts';
import { keepBrokers } from './brokers.ts';
import { containerOf, portInside } from './container.ts';
import type { Draft, DraftResource, Field } from './draft.ts';
import { Names } from './names.ts';
import { findParts, type Part, type Server } from './parts.ts';
import { allot, type Listening, listeningOf, TakenPorts } from './ports.ts';
import { converted } from './references.ts';
import { Secrets } from './secrets.ts';
import { applySeen } from './seen.ts';
import { serviceOf } from './service.ts';
import type { Surroundings } from './surroundings.ts';

export type { ConsumedQueue, Draft, DraftContainer, DraftResource, DraftService, Field } from './draft.ts';

/** What kinds of resource are called that only the code speaks of. */
const CALLED: Record<ResourceKind, string> = {
  rabbitmq: 'broker',
  redis: 'cache',
  postgres: 'database',
  apisix: 'gateway',
  process: 'server',
  container: 'server',
};
/** What services may use and qbtc has no kind for. */
const IMAGES_OF: Readonly<Record<string, RegExp>> = {
  mongodb: /mongo|ferretdb/,
  mysql: /mysql|mariadb|percona/,
  kafka: /kafka|redpanda/,
};

/**
 * Makes a stack of what was read, and of what was seen when its services were started: a pure function of both. `folder` is
 * what the repository is called.
 */
export function draftOf(facts: readonly Fact[], folder: string, seen: readonly Seen[] = []): Draft {
  const draft: Draft = {
    name: suggestStackName(folder),
    resources: [],
    services: [],
    secrets: [],
    obstacles: [],
    losses: [],
    imports: [],
  };
  for (const fact of facts) {
    if (fact.kind === 'loss') draft.losses.push(withoutKind(fact));
  }
  const { parts, servers, leftOut } = findParts(facts, draft);
  addUsed(parts, servers, leftOut, draft);
  addGateway(parts, servers);

  const listening = new Map<Part, Listening>();
  for (const part of parts) {
    const found = listeningOf(part);
    if (found !== undefined) listening.set(part, found);
  }
  const taken = new TakenPorts();
  const ports = allot(listening, taken, draft.obstacles);
  const kept = parts.filter((part) => !listening.has(part) || ports.has(part));
  const names = new Names();
  const resources = new Map<string, DraftResource>();
  const secrets = new Secrets();
  const contained = new Set(servers.map((server) => server.name));
  for (const server of servers) {
    const name = names.give(server.name);
    const inside = server.kind === 'container' && server.unit && portInside(server.unit);
    const resource =
      server.unit !== undefined && inside
        ? containerOf(server.unit, inside, { name, taken, secrets, draft, resources: contained })
        : resourceOf(server, name, taken);
    resources.set(server.name, resource);
    draft.resources.push(resource);
  }
  const called = new Map(kept.map((part) => [part, names.give(part.name, part.unit?.replicas?.value)]));
  const around: Surroundings = {
    resources: new Map(
      [...resources].flatMap(([name, { name: own, kind, container }]) => {
        const words = (['user', 'password', 'database'] as const).filter(
          (word) => container?.[word] !== undefined,
        );
        const port = container?.containerPort;
        const it = { name: own.value, kind, words, ...(port === undefined ? {} : { inside: port }) };
        return [
          [name, it],
          [own.value, it],
        ] as const;
      }),
    ),
    services: new Map(
      kept.map((part) => {
        const port = ports.get(part)?.value;
        const inside = listening.get(part)?.inside;
        const outside = part.unit?.ports[0]?.value.outside;
        return [
          part.name,
          {
            name: called.get(part) ?? part.name,
            ...(port === undefined ? {} : { port }),
            ...(inside === undefined ? {} : { inside }),
            ...(outside === undefined ? {} : { outside }),
          },
        ] as const;
      }),
    ),
    leftOut,
  };
  for (const { container } of resources.values())
    for (const needed of container?.dependsOn ?? [])
      needed.value = resources.get(needed.value)?.name.value ?? needed.value;
  for (const part of kept) {
    draft.services.push(
      serviceOf(part, {
        name: called.get(part) ?? part.name,
        facts,
        alone: kept.length === 1,
        around,
        secrets,
        draft,
        taken,
        ...(ports.has(part) ? { port: ports.get(part) } : {}),
        ...(listening.has(part) ? { listening: listening.get(part) } : {}),
      }),
    );
  }
  for (const fact of facts) {
    if (fact.kind !== 'document' || fact.form === 'openapi') continue;
    const kind = fact.form === 'rabbitmq' ? 'rabbitmq' : 'apisix';
    if (draft.resources.some((each) => each.kind === kind))
      draft.imports.push({ form: fact.form, file: fact.at.file });
  }
  keepBrokers(draft, new Map(kept.map((part) => [called.get(part) ?? part.name, part.hints])));
  applySeen(draft, seen);
  draft.secrets = secrets.all();
  withoutCycles(draft.services, draft.losses);
  withoutCycles(
    draft.resources.flatMap(({ container }) => container ?? []),
    draft.losses,
  );
  draft.losses = joined(draft.losses);
  return draft;
}

function withoutKind({ at, what, of, instead }: Extract<Fact, { kind: 'loss' }>) {
  return { at, what, of, instead };
}

/** Resources that only the dependencies of services speak of; what there is no kind for is told. */
function addUsed(
  parts: readonly Part[],
  servers: Server[],
  leftOut: ReadonlyMap<string, UnitFact>,
  { obstacles }: Draft,
): void {
  const images = [...leftOut.values(), ...servers.map(({ unit }) => unit)].map(
    (unit) => unit?.image?.value ?? '',
  );
  for (const part of parts) {
    for (const hint of part.hints) {
      if (hint.kind !== 'uses') continue;
      const kind = RESOURCE_KINDS.find((each) => each === hint.what);
      if (kind !== undefined && !servers.some((server) => server.kind === kind))
        servers.push({ name: CALLED[kind], kind, at: hint.at, guess: true });
      const isThere = images.some((image) => IMAGES_OF[hint.what]?.test(image));
      const isTold = obstacles.some(
        ({ code, found }) => code === 'image-without-kind' && found === hint.what,
      );
      if (hint.what in IMAGES_OF && !isThere && !isTold)
        obstacles.push({
          code: 'image-without-kind',
          at: hint.at,
          of: part.name,
          found: hint.what,
          fix: `start ${hint.what} by itself, and give its address to ${part.name}`,
        });
    }
  }
}

/** A gateway where the repository has routes for one, and nowhere else. */
function addGateway(parts: readonly Part[], servers: Server[]): void {
  const routed = parts.flatMap(({ unit }) => unit?.routes ?? [])[0];
  if (routed !== undefined && !servers.some(({ kind }) => kind === 'apisix'))
    servers.push({ name: 'gateway', kind: 'apisix', at: routed.at });
}

function resourceOf(server: Server, name: string, taken: TakenPorts): DraftResource {
  const { kind, at, guess, unit } = server;
  const [first, second] = factsOf(kind).ports;
  const published = (inside: number | undefined) =>
    unit?.ports.find(({ value }) => value.inside === inside && value.outside !== undefined);
  const port = portFor(first, published(first?.default), at, name, taken);
  const management = portFor(second, published(second?.default), at, name, taken);
  return {
    name: { value: name, at, ...(guess && { guess }) },
    kind,
    ...(port === undefined ? {} : { port }),
    ...(management === undefined ? {} : { managementPort: management }),
    ...identityOf(server),
  };
}

/** The variables of an image that name what others know it by. */
const IDENTITY: Partial<Record<ResourceKind, Partial<Record<'user' | 'vhost' | 'database', string>>>> = {
  postgres: { user: 'POSTGRES_USER', database: 'POSTGRES_DB' },
  rabbitmq: { user: 'RABBITMQ_DEFAULT_USER', vhost: 'RABBITMQ_DEFAULT_VHOST' },
};
const OWN_NAME = /^([A-Za-z0-9_][A-Za-z0-9_-]{0,62}|\$\{\w+:-[A-Za-z0-9_][A-Za-z0-9_-]*\})$/;
const OWN_VHOST = /^(?!\.{1,2}$)[A-Za-z0-9_./-]{1,63}$/;

function identityOf({ kind, unit }: Server): Pick<DraftResource, 'user' | 'vhost' | 'database'> {
  return Object.fromEntries(
    Object.entries(IDENTITY[kind] ?? {}).flatMap(([word, variable]) => {
      const said = unit?.env[variable];
      const value = said === undefined ? '' : converted(said.value).text;
      const isRight = OWN_NAME.test(value) || (word === 'vhost' && OWN_VHOST.test(value));
      return said !== undefined && isRight ? [[word, { value, at: said.at }]] : [];
    }),
  );
}

/** The port that it is published at, or a free one where the usual one is taken; none where the usual one will do. */
function portFor(
  facts: { default?: number } | undefined,
  published: Field<{ inside: number; outside?: number }> | undefined,
  at: Place,
  name: string,
  taken: TakenPorts,
): Field<number> | undefined {
  const usual = facts?.default;
  if (usual === undefined) return undefined;
  const wanted = published?.value.outside ?? usual;
  const port = taken.free(wanted);
  const holder = taken.holderOf(wanted);
  taken.take(port, name);
  if (port === usual) return undefined;
  const why = port === wanted ? undefined : `${wanted} is that of ${holder ?? 'administrators'}`;
  return { value: port, at: published?.at ?? at, ...(why === undefined ? {} : { why }) };
}

/** Takes out the dependencies that would have the parts wait for one another for ever, and tells them. */
function withoutCycles(
  parts: readonly { name: Field<string>; dependsOn: Field<string>[] }[],
  losses: Draft['losses'],
): void {
  const byName = new Map(parts.map((service) => [service.name.value, service]));
  const done = new Set<string>();
  const visit = (name: string, above: ReadonlySet<string>) => {
    const service = byName.get(name);
    if (service === undefined || done.has(name)) return;
    const path = new Set([...above, name]);
    service.dependsOn = service.dependsOn.filter(({ value, at }) => {
      if (!path.has(value)) {
        visit(value, path);
        return true;
      }
      losses.push({
        at,
        what: `depends_on ${value}`,
        of: [name],
        instead: `${value} waits for ${name} already: they find one another once both run`,
      });
      return false;
    });
    done.add(name);
  };
  for (const name of byName.keys()) visit(name, new Set());
}

/** One loss for what is said of several services in the same words. */
function joined(losses: Draft['losses']): Draft['losses'] {
  const found = new Map<string, Draft['losses'][number]>();
  for (const loss of losses) {
    const key = `${loss.at.file}\0${loss.what}\0${loss.instead}`;
    const before = found.get(key);
    if (before === undefined || loss.of.length === 0)
      found.set(loss.of.length === 0 ? `${key}\0${loss.at.line}` : key, { ...loss, of: [...loss.of] });
    else before.of.push(...loss.of.filter((name) => !before.of.includes(name)));
  }
  return [...found.values()];
}
