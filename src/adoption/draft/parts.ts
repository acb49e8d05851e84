import type { Place } from '../../model/adoption.ts';
import type { ResourceKind } from '../../model/resource.ts';
import type { DocumentFact, Fact, HintFact, ProgramFact, Said, UnitFact } from '../fact.ts';
import { imageName, insteadOfTool, isGatewayImage, kindOfImage } from '../images.ts';
import { baseName, folderOf } from '../repository.ts';
import { portInside } from './container.ts';
import type { Draft } from './draft.ts';

/** A service to be: what compose says of it, what starts it, and what its folder says. */
export interface Part {
  /** As compose or its own file calls it. */
  name: string;
  folder: string;
  unit?: UnitFact;
  program?: ProgramFact;
  command: Said<string[]>;
  hints: HintFact[];
  documents: DocumentFact[];
  /** Whether other parts have the same folder: what its code says may be of any of them. */
  shared: boolean;
}

/** A resource to be. */
export interface Server {
  /** As compose calls it; none where only the code speaks of it. */
  unit?: UnitFact;
  name: string;
  kind: ResourceKind;
  at: Said<unknown>['at'];
  guess?: true;
}

export interface Found {
  parts: Part[];
  servers: Server[];
  /** What compose runs and qbtc does not: nobody depends on it any more. */
  leftOut: Map<string, UnitFact>;
}

type Told = Pick<Draft, 'obstacles' | 'losses'>;
/** By Dockerfile the image that it ends in. */
type Bases = ReadonlyMap<string, string>;

/** Joins what several files say of the same thing, and leaves out what cannot be run. */
export function findParts(facts: readonly Fact[], told: Told): Found {
  const units = facts.filter((fact) => fact.kind === 'unit');
  const programs = facts.filter((fact) => fact.kind === 'program');
  const bases: Bases = new Map(
    facts.flatMap((fact): [string, string][] => (fact.kind === 'base' ? [[fact.at.file, fact.image]] : [])),
  );
  const found: Found = { parts: [], servers: [], leftOut: new Map() };
  for (const unit of units) placeUnit(unit, programs, bases, found, told);
  const built = units.some(({ folder }) => folder !== undefined);
  if (found.parts.length === 0 && !built) found.parts.push(...alone(programs, bases));
  else notInCompose(programs, found, told);
  for (const part of found.parts) {
    const inside = (folder: string) =>
      within(part.folder, folder) && nearest(found.parts, folder) === part.folder;
    part.shared = found.parts.some((other) => other !== part && other.folder === part.folder);
    const other = (file: string) =>
      /(^|\/)(Dockerfile[^/]*|[^/]*\.Dockerfile)$/.test(file) &&
      file !==
        (part.unit === undefined
          ? `${part.folder === '.' ? '' : `${part.folder}/`}Dockerfile`
          : dockerfileOf(part.unit));
    part.hints = facts.filter(
      (fact): fact is HintFact => isHint(fact) && inside(fact.folder) && !other(placeOf(fact).file),
    );
    part.documents = facts.filter(
      (fact) => fact.kind === 'document' && inside(fact.folder),
    ) as DocumentFact[];
  }
  return found;
}

function placeUnit(
  unit: UnitFact,
  programs: readonly ProgramFact[],
  bases: Bases,
  found: Found,
  told: Told,
): void {
  const { name, at, folder } = unit;
  const base = folder === undefined ? unit.image?.value : (bases.get(dockerfileOf(unit)) ?? '');
  const image = base ?? '';
  const kind = kindOfImage(image);
  if (kind !== undefined) {
    if (kind !== 'postgres' && kind !== 'redis' && found.servers.some((server) => server.kind === kind)) {
      told.obstacles.push({
        code: 'second-of-kind',
        at,
        of: name,
        found: image,
        fix: `a stack has one ${kind}: let its services use that one, or add this one with "provider: external"`,
      });
      found.leftOut.set(name, unit);
      return;
    }
    found.servers.push({ unit, name, kind, at: unit.image?.at ?? at });
    return;
  }
  if (folder === undefined) {
    leaveOut(unit, image, found, told);
    return;
  }
  const own = dockerFolder(unit);
  const candidates = programs.filter(
    ({ folder: place, group }) =>
      (place === own || place === folder) &&
      (!group.startsWith('dockerfile:') || group === `dockerfile:${dockerfileOf(unit)}`),
  );
  const program = best(candidates.filter((each) => each.folder === own)) ?? best(candidates);
  // A Dockerfile says how it is started, package.json what has to be installed.
  const install = candidates.find((each) => each.install !== undefined)?.install;
  const inPackage = candidates.find(({ group }) => group === 'package');
  const said = unit.command ?? program?.command;
  // An image has been built; here a script that builds and runs does what it does.
  const isBuilt = said === undefined || inPackage === undefined || !callsAny(said.value, inPackage.unbuilt);
  const command = isBuilt ? said : inPackage.command;
  const build = command === inPackage?.command ? inPackage?.build : undefined;
  const isGateway = isGatewayImage(image);
  const hasProgram = program !== undefined && program.rank < 5;
  // What a gateway is started by stands in its image.
  const runnable = hasProgram || (unit.command !== undefined && !isGateway);
  if (command === undefined || !runnable) {
    told.obstacles.push({
      code: 'no-program',
      at: program?.at ?? at,
      of: name,
      found: program === undefined ? image || 'no program' : program.command.value.join(' '),
      fix: isGateway
        ? `${imageName(image)} serves files or passes requests on: it is left out; run its code with a program of its own`
        : 'it stands in the image alone: add the service with a command that runs from its folder, or with url where it runs already',
    });
    found.leftOut.set(name, unit);
    return;
  }
  found.parts.push({
    name,
    folder: folderOfPart(unit, folder, program, programs),
    unit,
    ...(program === undefined
      ? {}
      : { program: { ...program, ...(install && { install }), ...(build && { build }) } }),
    command,
    hints: [],
    documents: [],
    shared: false,
  });
}

/** Whether a command calls one of these scripts by a package manager: `npm run start:prod --workspace=api`. */
function callsAny([first = '', ...rest]: readonly string[], scripts: readonly string[] = []): boolean {
  return /^(npm|yarn|pnpm)$/.test(first) && rest.some((word) => scripts.includes(word));
}

/**
 * Where a command of compose is run. The one package of several services stands where their images are built from, and
 * not beside their Dockerfiles: there its scripts are called.
 */
function folderOfPart(
  unit: UnitFact,
  context: string,
  program: ProgramFact | undefined,
  programs: readonly ProgramFact[],
): string {
  if (program === undefined || unit.command === undefined) return program?.folder ?? context;
  const isPackage = (folder: string) =>
    programs.some((each) => each.folder === folder && each.group === 'package');
  const [first = ''] = unit.command.value;
  const callsScript = /^(npm|npx|yarn|pnpm)$/.test(first);
  return callsScript && !isPackage(program.folder) && isPackage(context) ? context : program.folder;
}

function leaveOut(unit: UnitFact, image: string, found: Found, told: Told): void {
  const { name, at } = unit;
  found.leftOut.set(name, unit);
  const tool = insteadOfTool(image);
  if (tool !== undefined || isGatewayImage(image)) {
    const instead =
      tool ??
      'services are reached at their own ports; routes that could be read are declared at the gateway of the stack';
    told.losses.push({ at: unit.image?.at ?? at, what: name, of: [], instead });
    return;
  }
  if (image !== '' && portInside(unit) !== undefined) {
    found.leftOut.delete(name);
    found.servers.push({ unit, name, kind: 'container', at: unit.image?.at ?? at });
    return;
  }
  told.obstacles.push({
    code: 'image-without-kind',
    at: unit.image?.at ?? at,
    of: name,
    found: image === '' ? 'neither image nor build' : image,
    fix: `start ${name} by itself (docker compose up -d ${name}), and give its address to what uses it`,
  });
}

/** The folder of the Dockerfile: in a repository of several services they are built from the top. */
function dockerFolder(unit: UnitFact): string {
  return unit.dockerfile === undefined ? (unit.folder ?? '.') : folderOf(unit.dockerfile);
}

function dockerfileOf({ dockerfile, folder = '.' }: UnitFact): string {
  return dockerfile ?? (folder === '.' ? 'Dockerfile' : `${folder}/Dockerfile`);
}

function best(programs: readonly ProgramFact[]): ProgramFact | undefined {
  return [...programs].sort((a, b) => a.rank - b.rank)[0];
}

/** Without services in a compose file: what each folder starts. */
function alone(programs: readonly ProgramFact[], bases: Bases): Part[] {
  const folders = [...new Set(programs.map(({ folder }) => folder))];
  return folders.flatMap((folder) => {
    const own = folder === '.' ? 'Dockerfile' : `${folder}/Dockerfile`;
    if (kindOfImage(bases.get(own) ?? '') !== undefined) return [];
    const here = programs.filter(
      (program) =>
        program.folder === folder &&
        program.rank < 5 &&
        (!program.group.startsWith('dockerfile:') || program.at.file === own),
    );
    const lines = here.filter(({ group }) => group.startsWith('procfile:'));
    const one = best(here.filter(({ group }) => !group.startsWith('go:')));
    const serving = here.some(({ serves }) => serves);
    const mains = here.filter(({ group }) => group.startsWith('go:'));
    const chosen = lines.length > 0 ? lines : one !== undefined && serving ? [one] : mains;
    return chosen.map((program) => ({
      name: nameOf(program, programs),
      folder,
      program,
      command: program.command,
      hints: [],
      documents: [],
      shared: false,
    }));
  });
}

/** What its file calls it; the folder where another is called the same, as in a copied package.json. */
function nameOf({ name, folder, serves }: ProgramFact, programs: readonly ProgramFact[]): string {
  if (name === '.' || name === '') return 'app';
  const others = programs.some(
    (other) => other.name === name && other.folder !== folder && other.serves && serves,
  );
  return others && folder !== '.' ? baseName(folder) : name;
}

function notInCompose(programs: readonly ProgramFact[], { parts, leftOut }: Found, told: Told): void {
  const folders = new Set(parts.map(({ folder }) => folder));
  for (const unit of leftOut.values()) if (unit.folder !== undefined) folders.add(dockerFolder(unit));
  const named = new Set<string>();
  for (const { folder, serves, at, name, rank } of programs) {
    if (!serves || rank > 4 || folders.has(folder) || named.has(folder)) continue;
    named.add(folder);
    told.losses.push({
      at,
      what: name === '.' ? 'the program' : name,
      of: [],
      instead: 'the compose file does not start it: it is left out',
    });
  }
}

const HINTS = new Set([
  'port',
  'reads-port',
  'programs',
  'health',
  'metrics',
  'uses',
  'variable',
  'env-file',
  'address',
  'consumes',
]);

function isHint(fact: Fact): fact is HintFact {
  return HINTS.has(fact.kind);
}

function placeOf(hint: HintFact): Place {
  if (hint.kind === 'port') return hint.port.at;
  if (hint.kind === 'health') return hint.health.at;
  return hint.kind === 'variable' ? hint.value.at : hint.at;
}

/** Whether `inner` is the folder `outer` or stands below it. */
export function within(outer: string, inner: string): boolean {
  return outer === '.' || inner === outer || inner.startsWith(`${outer}/`);
}

/** The folder of the part that a folder belongs to. */
function nearest(parts: readonly Part[], folder: string): string | undefined {
  return parts
    .map((part) => part.folder)
    .filter((each) => within(each, folder))
    .sort((a, b) => (b === '.' ? 0 : b.length) - (a === '.' ? 0 : a.length))[0];
}
