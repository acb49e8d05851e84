import { isRecord } from '../../record.ts';
import type { Fact, UnitFact } from '../fact.ts';
import { insteadOfTool, isGatewayImage, kindOfImage } from '../images.ts';
import { inFolder } from '../repository.ts';
import type { PlacedYaml } from '../yaml-places.ts';
import { readContainer } from './container.ts';
import { insteadOfFeature } from './features.ts';
import { readLabels } from './labels.ts';
import {
  healthOf,
  listOf,
  type Mapping,
  pairsOf,
  portOf,
  secondsOf,
  whole,
  withDefaults,
  wordsIn,
} from './values.ts';

/** What a service of a compose file is read with. */
export interface UnitSource {
  yaml: PlacedYaml;
  /** The folder of the compose file. */
  folder: string;
  name: string;
  service: Mapping;
  /** What fills in references: the file `.env` beside the compose file. */
  values: ReadonlyMap<string, string>;
}

/** One service of a compose file, and what of it has no counterpart. */
export function readUnit(source: UnitSource): Fact[] {
  const { yaml, name, service, values } = source;
  const place = (...path: (string | number)[]) => yaml.at(['services', name, ...path]);
  const said = <T>(value: T, ...path: (string | number)[]) => ({ value, at: place(...path) });
  const contained = service.build === undefined && isServer(String(service.image ?? ''));
  const losses: Fact[] = Object.keys(service).flatMap((key): Fact[] => {
    const instead = contained && OF_CONTAINERS.has(key) ? undefined : insteadOfFeature(key);
    return instead === undefined ? [] : [{ kind: 'loss', at: place(key), what: key, of: [name], instead }];
  });
  const lost = (what: string, instead: string, ...path: (string | number)[]) =>
    losses.push({ kind: 'loss', at: place(...path), what, of: [name], instead });

  const unit: UnitFact = {
    kind: 'unit',
    name,
    at: place(),
    ports: [],
    dependsOn: [],
    env: {},
    envFiles: [],
    routes: [],
  };
  readBuild(source, unit, lost);
  if (contained) unit.container = readContainer(source, lost);
  if (typeof service.image === 'string') unit.image = said(withDefaults(service.image, values), 'image');
  const words = [...wordsIn(service.entrypoint), ...wordsIn(service.command)];
  if (words.length > 0) unit.command = said(words, service.command === undefined ? 'entrypoint' : 'command');
  for (const key of ['ports', 'expose'] as const)
    for (const [index, each] of listOf(service[key]).entries()) {
      const port = portOf(each, values);
      if (port !== undefined) unit.ports.push(said(port, key, index));
      else if (key === 'ports')
        lost(`ports: ${JSON.stringify(each)}`, 'a port of TCP each, by name in ports', key, index);
    }
  for (const [variable, { text, key }] of pairsOf(service.environment))
    if (/^[A-Za-z_]\w*$/.test(variable)) unit.env[variable] = said(text, 'environment', key);
    else lost(`environment ${variable}`, 'names of variables are letters, digits and _', 'environment', key);
  readEnvFiles(source, unit, lost);
  readDependencies(source, unit, lost);
  const check = service.healthcheck;
  if (isRecord(check) && check.disable !== true) {
    const health = healthOf(check.test);
    if (health !== undefined) unit.health = said(health, 'healthcheck', 'test');
  }
  const deploy = isRecord(service.deploy) ? service.deploy : {};
  const replicas = whole(withDefaults(String(deploy.replicas ?? service.scale ?? ''), values));
  if (replicas !== undefined && replicas > 1)
    unit.replicas = said(
      Math.min(replicas, 64),
      ...(deploy.replicas === undefined ? ['scale'] : ['deploy', 'replicas']),
    );
  for (const key of Object.keys(deploy))
    if (!['replicas', 'mode', 'restart_policy', 'labels'].includes(key))
      lost(
        `deploy.${key}`,
        'services share the machine; qbtc up starts all instances at once',
        'deploy',
        key,
      );
  if (typeof service.stop_signal === 'string') unit.stopSignal = said(service.stop_signal, 'stop_signal');
  const grace = secondsOf(service.stop_grace_period);
  if (grace !== undefined && grace > 0) unit.stopTimeout = said(grace, 'stop_grace_period');
  const labels = new Map(
    [...pairsOf(deploy.labels), ...pairsOf(service.labels)].map(([key, { text }]) => [key, text]),
  );
  const found = readLabels(labels);
  unit.routes = found.routes.map((route) => said(route, 'labels'));
  if (found.port !== undefined && !unit.ports.some(({ value }) => value.inside === found.port))
    unit.ports.unshift(said({ inside: found.port }, 'labels'));
  if (found.health !== undefined) unit.health = said({ path: found.health }, 'labels');
  return [unit, ...losses];
}

/** What containers of a stack have, too. */
const OF_CONTAINERS = new Set(['volumes', 'networks', 'restart']);

/** Whether an image is a server that nobody but Docker runs. */
function isServer(image: string): boolean {
  return kindOfImage(image) === undefined && insteadOfTool(image) === undefined && !isGatewayImage(image);
}

export type Lost = (what: string, instead: string, ...path: (string | number)[]) => void;

function readBuild({ folder, service, values }: UnitSource, unit: UnitFact, lost: Lost): void {
  const { build } = service;
  const context =
    typeof build === 'string' ? build : isRecord(build) ? String(build.context ?? '.') : undefined;
  if (context === undefined) return;
  const inside = /^[a-z+]+:\/\/|^git@/.test(context)
    ? undefined
    : inFolder(folder, withDefaults(context, values));
  if (inside === undefined) {
    lost('build.context', 'the code of a service stands in the repository', 'build');
    return;
  }
  unit.folder = inside;
  if (isRecord(build) && typeof build.dockerfile === 'string') {
    const file = inFolder(inside, withDefaults(build.dockerfile, values));
    if (file !== undefined) unit.dockerfile = file;
  }
}

function readEnvFiles({ folder, service, yaml, name }: UnitSource, unit: UnitFact, lost: Lost): void {
  for (const [index, each] of listOf(service.env_file).entries()) {
    const path = inFolder(folder, String(isRecord(each) ? each.path : each));
    if (path === undefined) lost('env_file', 'files of variables stand in the repository', 'env_file', index);
    else {
      const required = !(isRecord(each) && each.required === false);
      unit.envFiles.push({ value: { path, required }, at: yaml.at(['services', name, 'env_file', index]) });
    }
  }
}

function readDependencies({ service, yaml, name }: UnitSource, unit: UnitFact, lost: Lost): void {
  const { depends_on: wanted } = service;
  const entries: [string, string | number, unknown][] = isRecord(wanted)
    ? Object.entries(wanted).map(([key, value]) => [key, key, value])
    : listOf(wanted).map((each, index) => [String(each), index, undefined]);
  for (const link of listOf(service.links))
    if (!entries.some(([each]) => each === String(link).split(':')[0]))
      entries.push([String(link).split(':')[0] ?? '', 0, undefined]);
  for (const [dependency, key, value] of entries) {
    unit.dependsOn.push({ value: dependency, at: yaml.at(['services', name, 'depends_on', key]) });
    if (isRecord(value) && value.condition === 'service_completed_successfully')
      lost(
        `depends_on.${dependency}.condition`,
        'what runs once and ends is run by hand before qbtc up',
        'depends_on',
        key,
      );
  }
}
