import { isRecord } from '../../record.ts';
import { readUnit } from '../compose/unit.ts';
import { listOf, type Mapping } from '../compose/values.ts';
import { envLines } from '../env-lines.ts';
import type { Fact, Reader, Repository } from '../fact.ts';
import { baseName, folderOf, inFolder } from '../repository.ts';
import { type PlacedYaml, placedYaml } from '../yaml-places.ts';

/** In the order in which compose looks for them. */
const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const ANY = /^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/;
/** Folders in which a compose file that is not at the top describes the whole. */
const FOLDERS = new Set([
  '.',
  'docker',
  'deploy',
  'deployment',
  'infra',
  'infrastructure',
  'devops',
  '.docker',
  'local',
]);

/** The compose file of the repository, and what it includes. */
export const compose: Reader = {
  name: 'compose files',
  async read(repository) {
    const all = repository.files.filter((file) => ANY.test(baseName(file)));
    const chosen = chooseFile(all);
    if (chosen === undefined) return [];
    const facts: Fact[] = [];
    const read = await readFiles(repository, [chosen], facts);
    for (const file of all)
      if (!read.has(file))
        facts.push({
          kind: 'loss',
          at: { file, line: 1 },
          what: 'the file',
          of: [],
          instead: `${chosen} is what qbtc.yaml is made from; add what is missing of it by hand`,
        });
    return facts;
  },
};

function chooseFile(all: readonly string[]): string | undefined {
  const whole = all.filter((file) => FOLDERS.has(folderOf(file)));
  for (const folder of new Set(whole.map(folderOf))) {
    const here = whole.filter((file) => folderOf(file) === folder);
    const plain = NAMES.map((name) => here.find((file) => baseName(file) === name)).find(Boolean);
    const local = here.find((file) => /[.-](dev|local|development)\./.test(baseName(file)));
    const found = plain ?? local ?? (here.length === 1 ? here[0] : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function readFiles(
  repository: Repository,
  files: readonly string[],
  facts: Fact[],
): Promise<Set<string>> {
  const read = new Set<string>();
  const waiting = [...files];
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    if (read.has(file)) continue;
    read.add(file);
    const text = await repository.text(file);
    const yaml = text === undefined ? undefined : placedYaml(file, text);
    if (yaml === undefined || !isRecord(yaml.data)) {
      facts.push(notRead(file));
      continue;
    }
    const values = await valuesBeside(repository, folderOf(file));
    facts.push(...readServices(file, yaml, yaml.data, values));
    for (const each of listOf(yaml.data.include)) {
      for (const path of listOf(isRecord(each) ? each.path : each)) {
        const included = inFolder(folderOf(file), String(path));
        if (included !== undefined && repository.has(included)) waiting.push(included);
        else facts.push(notRead(String(path)));
      }
    }
  }
  return read;
}

function readServices(
  file: string,
  yaml: PlacedYaml,
  data: Mapping,
  values: ReadonlyMap<string, string>,
): Fact[] {
  const services = isRecord(data.services) ? data.services : {};
  const facts: Fact[] = [];
  for (const [name, written] of Object.entries(services)) {
    if (!isRecord(written)) continue;
    const { service, lost } = extended(services, written);
    if (lost !== undefined)
      facts.push({
        kind: 'loss',
        at: yaml.at(['services', name, 'extends']),
        what: 'extends',
        of: [name],
        instead: `what ${lost} says of it is written by hand`,
      });
    const profiles = listOf(service.profiles).map(String);
    if (profiles.length > 0) {
      facts.push({
        kind: 'loss',
        at: yaml.at(['services', name, 'profiles']),
        what: name,
        of: [],
        instead: `it starts only with the profile ${profiles.join(' or ')}, and is left out`,
      });
      continue;
    }
    facts.push(...readUnit({ yaml, folder: folderOf(file), name, service, values }));
  }
  return facts;
}

/** With what it extends in the same file: mappings are joined, all else is its own. */
function extended(services: Mapping, service: Mapping, depth = 0): { service: Mapping; lost?: string } {
  const { extends: from } = service;
  if (from === undefined || depth > 10) return { service };
  const name = isRecord(from) ? String(from.service) : String(from);
  const elsewhere = isRecord(from) && from.file !== undefined;
  const base = services[name];
  if (elsewhere || !isRecord(base)) return { service, lost: elsewhere ? String(from.file) : name };
  const { service: parent } = extended(services, base, depth + 1);
  const joined: Mapping = { ...parent };
  for (const [key, value] of Object.entries(service)) {
    const before = parent[key];
    joined[key] = isRecord(before) && isRecord(value) ? { ...before, ...value } : value;
  }
  return { service: joined };
}

/** What compose fills in references with, but for the environment of who runs it; none of it is written anywhere. */
async function valuesBeside(repository: Repository, folder: string): Promise<ReadonlyMap<string, string>> {
  const text = (await repository.text(inFolder(folder, '.env') ?? '.env')) ?? '';
  return new Map(envLines(text).map(({ name, value }) => [name, value]));
}

function notRead(file: string): Fact {
  return {
    kind: 'loss',
    at: { file, line: 1 },
    what: 'the file',
    of: [],
    instead: 'it cannot be read as YAML; what it says is written by hand',
  };
}
