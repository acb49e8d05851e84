import { RESOURCE_KINDS } from '../../model/resource.ts';
import type { Fact, Health, Said } from '../fact.ts';
import { kindOfScheme } from '../images.ts';
import { folderOf } from '../repository.ts';
import { consumedBy } from './consumed.ts';
import type { Draft, DraftService, Field } from './draft.ts';
import { environmentOf } from './environment.ts';
import { tellAddresses, tellProgram } from './obstacles.ts';
import type { Part } from './parts.ts';
import {
  isFlask,
  isPortVariable,
  type Listening,
  namesPort,
  portVariable,
  type TakenPorts,
} from './ports.ts';
import { addressOf, LOCAL, literal } from './references.ts';
import type { Secrets } from './secrets.ts';
import { resourceOfKind, type Surroundings } from './surroundings.ts';
import { kindOfVariable } from './variable-names.ts';

/** What a service is drafted with. */
export interface ServiceSource {
  name: string;
  facts: readonly Fact[];
  /** Whether it is the only one: what stands at the top of the repository is its own. */
  alone: boolean;
  around: Surroundings;
  secrets: Secrets;
  draft: Draft;
  taken: TakenPorts;
  port?: Field<number> | undefined;
  listening?: Listening | undefined;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** Where images keep what is a folder of the repository outside of them. */
const IMAGE_FOLDER = /^\/(?:usr\/src\/app|home\/node\/app|usr\/app|opt\/app|app|code|srv|src|workspace)\//;

export function serviceOf(part: Part, source: ServiceSource): DraftService {
  const { name, around, secrets, draft, port, listening } = source;
  const { unit, hints } = part;
  const uses = new Set<string>();
  const env = environmentOf(variablesOf(part, source), {
    service: name,
    around,
    secretNamed: (variable, value, at) => secrets.name(variable, value, at, name),
    obstacles: draft.obstacles,
    uses,
  });
  for (const [variable, field] of Object.entries(env)) {
    if (!isPortVariable(variable) || port === undefined) continue;
    const inside = listening?.inside;
    const isReference = variable === 'PORT' && field.value.startsWith('${');
    if (!isReference && field.value !== String(inside) && field.value !== String(listening?.port.value))
      continue;
    // It gets its port as PORT anyway.
    if (variable === 'PORT') delete env[variable];
    else env[variable] = { ...field, value: '${port}' };
  }
  const told = listening?.movable ? portVariable(part) : undefined;
  if (port !== undefined && told !== undefined && told.value !== 'PORT')
    env[told.value] = { value: '${port}', at: told.at };
  if (port !== undefined && isFlask(part.command.value))
    env.FLASK_RUN_PORT = { value: '${port}', at: part.command.at };
  const service: DraftService = {
    name: { value: name, at: unit?.at ?? part.program?.at ?? part.command.at },
    path: { value: part.folder, at: unit?.at ?? part.command.at },
    command: commandOf(part, listening),
    ports: {},
    dependsOn: [],
    envFiles: [],
    env,
    consumes: [],
    routes: port === undefined ? [] : (unit?.routes ?? []),
  };
  if (port !== undefined) service.port = port;
  if (listening !== undefined) addPorts(service, part, listening, source);
  if (unit?.replicas !== undefined) addReplicas(service, part, source);
  addReadiness(service, part, source);
  const metrics = hints.find(({ kind }) => kind === 'metrics');
  if (metrics?.kind === 'metrics' && port !== undefined && !part.shared)
    service.metrics = { value: '/metrics', at: metrics.at };
  if (unit?.stopSignal !== undefined && SIGNALS.includes(unit.stopSignal.value))
    service.stopSignal = unit.stopSignal;
  if (unit?.stopTimeout !== undefined) service.stopTimeout = unit.stopTimeout;
  addFiles(service, part, source);
  addDependencies(service, part, uses, source);
  service.consumes = consumedBy(part, service, source.facts, around);
  tellAddresses(part, name, around, draft);
  tellProgram(part, service, draft);
  return service;
}

/** Where its variables are said, the nearer over the farther: compose, examples of `.env`, defaults in the code. */
function variablesOf(part: Part, { facts, alone, around }: ServiceSource): Record<string, Said<string>> {
  const found: Record<string, Said<string>> = {};
  const kinds = new Set([...around.resources.values()].map(({ kind }) => kind));
  const add = (name: string, said: Said<string>) => {
    if (!(name in found)) found[name] = said;
  };
  for (const [name, said] of Object.entries(part.unit?.env ?? {})) add(name, said);
  const own = part.hints.flatMap((hint) => (hint.kind === 'variable' ? [hint] : []));
  const top = alone
    ? facts.flatMap((fact) => (fact.kind === 'variable' && fact.folder === '.' ? [fact] : []))
    : [];
  const hasFile = part.hints.some(({ kind, folder }) => kind === 'env-file' && folder === part.folder);
  const misses =
    (part.unit?.envFiles.length ?? 0) > 0 &&
    part.unit?.envFiles.every(
      ({ value }) => !facts.some((fact) => fact.kind === 'env-file' && fact.path === value.path),
    );
  // What compose says is all that a service of it is told; files that it reads by itself count only without.
  for (const hint of [...own, ...top].sort((a, b) => a.rank - b.rank)) {
    const { name, value, rank, folder } = hint;
    const there = addressOf(value.value.replace(/^jdbc:/, ''));
    const kind = there && kindOfScheme(there.scheme);
    const leads =
      there !== undefined &&
      (around.services.has(there.host) || (kind !== undefined && kinds.has(kind) && LOCAL.test(there.host)));
    const named = kindOfVariable(name);
    const isExample = rank === 2 && (folder === part.folder || folder === '.');
    if (rank === 1 && folder === part.folder && leads) add(name, value);
    else if (isExample && !hasFile && (part.unit === undefined || misses)) add(name, value);
    else if (rank === 5 && named !== undefined && kinds.has(named)) add(name, value);
    else if (rank === 4 && leads && !part.shared) add(name, { ...value, guess: true });
    else if (
      rank === 4 &&
      /(HOST|HOSTNAME)$/.test(name) &&
      LOCAL.test(value.value) &&
      !part.shared &&
      part.unit === undefined
    )
      add(name, { ...value, guess: true });
  }
  // A line without a value in an example asks for one; it gives none.
  for (const [name, { value }] of Object.entries(found))
    if (value === '' && !(name in (part.unit?.env ?? {})) && kindOfVariable(name) === undefined)
      delete found[name];
  // `PORT=3000` of an example is what qbtc gives by itself.
  if (part.unit === undefined) delete found.PORT;
  return found;
}

function commandOf(
  { command, program, hints, folder }: Part,
  listening: Listening | undefined,
): Field<string[]> {
  const inside = listening?.inside;
  const value = command.value.map((word, index) => {
    const local = word.replace(IMAGE_FOLDER, '');
    const marked = local.replaceAll('${port}', '\0');
    const named = marked.replaceAll(/\$\{?PORT\b(:-\d+)?\}?/g, '\0');
    const shell = command.value[0] === 'sh' && index === 2;
    // In a line for a shell PORT is a variable as any other.
    const written = literal(shell ? marked : named).replaceAll('\0', '${port}');
    if (inside === undefined || listening?.movable !== true || !namesPort(written, inside)) return written;
    return written.replace(new RegExp(`${inside}$`), '${port}');
  });
  if (value[0] === 'python') value[0] = 'python3';
  const [first = ''] = value;
  const beside = hints.find(
    (hint) => hint.kind === 'programs' && hint.folder === folder && hint.names.includes(first),
  );
  if (beside?.kind === 'programs') value[0] = `${beside.path}/${first}`;
  const why = program?.install && command.guess ? `after ${program.install.command}` : undefined;
  return { ...command, value, ...(why === undefined ? {} : { why }) };
}

function addPorts(
  service: DraftService,
  { name, unit }: Part,
  listening: Listening,
  { draft, taken }: ServiceSource,
): void {
  const replicas = unit?.replicas?.value ?? 1;
  for (const other of listening.others) {
    if (taken.holderOf(other.value) !== undefined || replicas > 1) {
      draft.losses.push({
        at: other.at,
        what: `port ${other.value}`,
        of: [service.name.value],
        instead:
          replicas > 1 ? 'its replicas have one port each' : `it is that of ${taken.holderOf(other.value)}`,
      });
      continue;
    }
    taken.take(other.value, name);
    service.ports[`port-${other.value}`] = other;
  }
  if (listening.literal)
    draft.obstacles.push({
      code: 'port-in-code',
      at: listening.port.at,
      of: service.name.value,
      found: `port ${listening.port.value}`,
      fix: 'read it from the variable PORT; until then it has one replica and no port base',
    });
}

function addReplicas(
  service: DraftService,
  { unit, shared }: Part,
  { listening, draft, name }: ServiceSource,
): void {
  const replicas = unit?.replicas;
  if (replicas === undefined) return;
  if (listening === undefined || listening.movable) service.replicas = replicas;
  else
    draft.losses.push({
      at: replicas.at,
      what: 'replicas',
      of: [name],
      instead: `one instance: ${shared ? 'several services share its code' : 'it does not read its port from PORT'}`,
    });
}

function addReadiness(
  service: DraftService,
  { unit, hints, shared, documents }: Part,
  { draft, name }: ServiceSource,
): void {
  const { port } = service;
  const said = unit?.health;
  const usable = said !== undefined && isUsable(said.value, port !== undefined);
  if (said !== undefined && !usable)
    draft.losses.push({
      at: said.at,
      what: 'healthcheck',
      of: [name],
      instead:
        port === undefined ? 'it is ready when it runs' : 'it is ready when its port takes connections',
    });
  const found = hints
    .flatMap((hint) => (hint.kind === 'health' ? [hint] : []))
    .sort((a, b) => a.rank - b.rank)[0]?.health;
  if (usable) service.health = said;
  else if (port === undefined) return;
  else if (found !== undefined && !shared) service.health = found;
  else service.health = { value: { tcp: true }, at: port.at, guess: true };
  const path =
    'path' in (service.health?.value ?? {}) ? (service.health?.value as { path: string }).path : undefined;
  const document = documents.find((each) => each.form === 'openapi' && each.path !== undefined);
  const http = hints.find((hint) => hint.kind === 'uses' && hint.what === 'http');
  if (port === undefined) return;
  if (path !== undefined) service.firstRequest = { value: path, at: service.health.at };
  else if (document?.path !== undefined) service.firstRequest = { value: document.path, at: document.at };
  else if (http?.kind === 'uses') service.firstRequest = { value: '/', at: http.at, guess: true };
}

/** A command of a container is one of the machine only where a service is run by the same. */
function isUsable(health: Health, listens: boolean): boolean {
  if ('command' in health) return /^(node|python3)$/.test(health.command[0] ?? '');
  return listens;
}

function addFiles(service: DraftService, { unit, hints, folder }: Part, { facts }: ServiceSource): void {
  const known = new Set(facts.flatMap((fact) => (fact.kind === 'env-file' ? [fact.path] : [])));
  for (const { value, at } of unit?.envFiles ?? [])
    service.envFiles.push({
      value: { path: value.path, required: false },
      at,
      ...(value.required && !known.has(value.path) && { why: 'it is not there yet' }),
    });
  for (const hint of hints)
    if (
      hint.kind === 'env-file' &&
      folderOf(hint.path) === folder &&
      service.envFiles.every(({ value }) => value.path !== hint.path) &&
      unit === undefined
    )
      service.envFiles.push({ value: { path: hint.path, required: false }, at: hint.at });
}

function addDependencies(
  service: DraftService,
  { unit, hints }: Part,
  uses: ReadonlySet<string>,
  { around }: ServiceSource,
): void {
  const add = (value: string, at: Said<string>['at'], guess?: true) => {
    if (value !== service.name.value && service.dependsOn.every((each) => each.value !== value))
      service.dependsOn.push({ value, at, ...(guess && { guess }) });
  };
  for (const { value, at } of unit?.dependsOn ?? []) {
    const target = around.resources.get(value) ?? around.services.get(value);
    if (target !== undefined) add(target.name, at);
  }
  const resources = new Set([...around.resources.values()].map(({ name }) => name));
  for (const [, field] of Object.entries(service.env))
    for (const name of uses)
      if (resources.has(name) && field.value.includes(`\${resources.${name}.`)) add(name, field.at);
  for (const hint of hints) {
    if (hint.kind !== 'uses') continue;
    const kind = RESOURCE_KINDS.find((each) => each === hint.what);
    const of = kind && resourceOfKind(kind, { service: service.name.value, around });
    if (of !== undefined) add(of, hint.at, true);
  }
}
