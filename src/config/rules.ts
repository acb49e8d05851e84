import semver from 'semver';
import type { ResourceKind } from '../model/resource.ts';
import { SCORE_COMPONENTS } from '../model/stack.ts';
import { factsOf } from '../resources/facts.ts';
import { cyclesOf } from './cycle.ts';
import type { StackDocument } from './document.ts';
import { type FieldPath, fieldName, listed, type Mistake, nearest } from './mistake.ts';
import { stackNameProblem, suggestStackName } from './name.ts';
import { derivedSecrets, instanceNames, type Outline, portUses } from './outline.ts';
import { MAX_PORT, MAX_REPLICAS, portClashes } from './ports.ts';
import { stackSchema } from './schema.ts';

/** What no single field can tell. Each rule is a function of the outline; all of them run, whatever the others found. */
export function ruleMistakes(stack: Outline, document: StackDocument, qbtcVersion: string): Mistake[] {
  const rules: Rule[] = [
    nameIsUsable,
    (outline, report) => versionIsRight(outline, report, qbtcVersion),
    namesAreDistinct,
    namesAreFree,
    instancesAreDistinct,
    kindsAreDistinct,
    strategyIsPossible,
    rolesHaveDatabases,
    accountsHaveBrokers,
    traceStoreExists,
    commandsHaveServices,
    dependenciesExist,
    dependenciesHaveAnOrder,
    portsAreDistinct,
    externalHasAddress,
    modeIsPossible,
    workersAreOurs,
    programIsClear,
    routesAreDistinct,
    routesHaveUri,
    consumersAreDistinct,
    weightsAddUp,
  ];
  const mistakes: Mistake[] = [];
  const report: Report = (path, found, expected, { key = false, near } = {}) => {
    const at = key ? document.keyAt(path) : document.at(path);
    const mistake = { at, field: fieldName(path), found, expected };
    mistakes.push(near === undefined ? mistake : { ...mistake, nearest: near });
  };
  for (const rule of rules) rule(stack, report);
  return mistakes;
}

type Report = (
  path: FieldPath,
  found: string,
  expected: string,
  /** `key`: the mistake is about the entry as a whole, so it stands at its key. */
  options?: { key?: boolean; near?: Mistake['nearest'] },
) => void;
type Rule = (stack: Outline, report: Report) => void;

const nameIsUsable: Rule = ({ name }, report) => {
  const problem = name === undefined ? undefined : stackNameProblem(name);
  if (name !== undefined && problem !== undefined) {
    report(['name'], JSON.stringify(name), problem, { near: suggestStackName(name) });
  }
};

function versionIsRight({ requires }: Outline, report: Report, qbtcVersion: string): void {
  if (requires === undefined) return;
  if (semver.validRange(requires) === null) {
    report(['requires'], JSON.stringify(requires), 'a semver range such as ">=0.1.0 <1.0.0"');
  } else if (!semver.satisfies(qbtcVersion, requires, { includePrerelease: true })) {
    report(['requires'], `qbtc ${qbtcVersion}`, `a version of qbtc that satisfies ${requires}`);
  }
}

/** `depends_on` names resources and services alike, and so do logs and `status`. */
const namesAreDistinct: Rule = ({ services, infrastructure, ...rest }, report) => {
  for (const name of Object.keys(services)) {
    if (Object.hasOwn(infrastructure, name)) {
      const found = 'a service with the name of a resource';
      report(['services', name], found, 'a name of its own', { key: true });
    }
  }
  const derived = new Set(derivedSecrets({ services, infrastructure, ...rest }));
  const seen = new Set<string>();
  for (const [index, name] of rest.secrets.entries()) {
    if (derived.has(name)) {
      const found = `"${name}", which a resource has already`;
      report(['secrets', index], found, 'a name of its own');
    } else if (name !== '' && seen.has(name)) {
      report(['secrets', index], `"${name}" a second time`, 'each name once');
    }
    seen.add(name);
  }
};

/** What qbtc itself calls the log of its supervisor, its own user, and the files in `.qbtc`. */
const RESERVED = new Set([
  'supervisor',
  'qbtc',
  'state',
  'secrets',
  'providers',
  'containers',
  'places',
  'lock',
  'ledger',
  'broker-ledger',
  'migrations',
  'consumers',
  'scale',
  'announced',
]);

const namesAreFree: Rule = ({ services, infrastructure }, report) => {
  for (const [key, named] of Object.entries({ infrastructure, services })) {
    for (const name of Object.keys(named).filter((each) => RESERVED.has(each))) {
      report([key, name], `the name "${name}", which qbtc keeps for itself`, 'another name', { key: true });
    }
  }
};

/** Instances stand beside resources and services in `status`, in logs and at the supervisor. */
const instancesAreDistinct: Rule = ({ services, infrastructure }, report) => {
  for (const [service, { replicas = 1 }] of Object.entries(services)) {
    if (replicas < 2 || replicas > MAX_REPLICAS) continue;
    const instances = new Set(instanceNames(service, replicas));
    for (const [key, named] of Object.entries({ infrastructure, services })) {
      for (const name of Object.keys(named).filter((each) => instances.has(each))) {
        const found = `the name of an instance of ${service}, which has ${replicas} replicas`;
        report([key, name], found, 'a name of its own', { key: true });
      }
    }
  }
};

const kindsAreDistinct: Rule = ({ infrastructure }, report) => {
  const firsts = new Map<ResourceKind, string>();
  for (const [name, { kind }] of Object.entries(infrastructure)) {
    const content = kind && factsOf(kind).holds;
    if (kind === undefined || content === undefined) continue;
    const first = firsts.get(kind);
    if (first === undefined) firsts.set(kind, name);
    else {
      const expected = `one of this kind at most: ${first} gets the ${content} of the stack`;
      report(['infrastructure', name, 'kind'], `a second ${kind}`, expected);
    }
  }
};

const strategyIsPossible: Rule = ({ strategy, infrastructure }, report) => {
  if (strategy !== 'fallback') return;
  for (const [name, { provider }] of Object.entries(infrastructure)) {
    if (provider !== 'external') continue;
    const found = 'external, although "strategy: fallback" adopts nothing';
    report(['infrastructure', name, 'provider'], found, 'native or embedded, or "strategy: hybrid"');
  }
};

const commandsHaveServices: Rule = ({ commands, services }, report) => {
  for (const [command, { service }] of Object.entries(commands))
    serviceExists(['commands', command, 'service'], service, services, report);
};

const traceStoreExists: Rule = ({ tracing, services }, report) =>
  serviceExists(['tracing', 'service'], tracing?.service, services, report);

function serviceExists(
  path: FieldPath,
  service: string | undefined,
  services: Outline['services'],
  report: Report,
): void {
  const names = Object.keys(services);
  if (service === undefined || names.includes(service)) return;
  report(
    path,
    `"${service}"`,
    names.length === 0 ? 'a service that is declared' : `one of the services ${listed(names)}`,
    { near: () => nearest(service, names) },
  );
}

/** From here on nobody misses in a list that it leaves out the service itself. */
const MANY = 100;

const dependenciesExist: Rule = ({ services, infrastructure }, report) => {
  const names = [...Object.keys(infrastructure), ...Object.keys(services)];
  const known = new Set(names);
  const all = listed(names);
  for (const [name, { depends_on = [] }] of Object.entries(services)) {
    if (depends_on.every((dependency) => dependency === '' || known.has(dependency))) continue;
    const others = names.length > MANY ? all : listed(names.filter((other) => other !== name));
    for (const [index, dependency] of depends_on.entries()) {
      if (dependency === '' || known.has(dependency)) continue;
      report(
        ['services', name, 'depends_on', index],
        JSON.stringify(dependency),
        `a resource or a service: ${others}`,
        {
          near: () =>
            nearest(
              dependency,
              names.filter((other) => other !== name),
            ),
        },
      );
    }
  }
};

const dependenciesHaveAnOrder: Rule = ({ services }, report) => {
  const graph = new Map(
    Object.entries(services).map(([name, { depends_on = [] }]) => [
      name,
      depends_on.filter((dependency) => Object.hasOwn(services, dependency)),
    ]),
  );
  for (const cycle of cyclesOf(graph)) {
    // The edge that closes the cycle is the one to look at.
    const [last = '', first = ''] = cycle.slice(-2);
    const index = services[last]?.depends_on?.indexOf(first) ?? 0;
    const found = `the cycle ${cycle.join(' → ')}`;
    report(['services', last, 'depends_on', index], found, 'an order in which they can start');
  }
};

const portsAreDistinct: Rule = (stack, report) => {
  const uses = portUses(stack);
  const tooHigh = new Set<string>();
  for (const { port, declared, holder, path } of uses) {
    // A declared port that is out of range by itself is the schema's to report.
    if (port <= MAX_PORT || declared > MAX_PORT || tooHigh.has(fieldName(path))) continue;
    tooHigh.add(fieldName(path));
    const found = `port ${port} for ${holder}, with ports.base ${stack.ports.base ?? 0}`;
    report(path, found, `a port of at most ${MAX_PORT}`);
  }
  for (const { use, first } of portClashes(uses)) {
    const found = `port ${use.port} for ${use.holder}`;
    report(use.path, found, `a port of its own: ${first.holder} (${fieldName(first.path)}) has this one`);
  }
};

const externalHasAddress: Rule = ({ infrastructure }, report) => {
  for (const [name, resource] of Object.entries(infrastructure)) {
    const path = ['infrastructure', name];
    if (resource.provider === 'external') {
      if (resource.url === undefined) {
        report([...path, 'url'], 'nothing', 'the address of the external server', { key: true });
      }
      if (
        resource.kind === 'apisix' &&
        (resource.admin_url === undefined) !== (resource.admin_key === undefined)
      ) {
        const missing = resource.admin_url === undefined ? 'admin_url' : 'admin_key';
        report([...path, missing], 'nothing', 'admin_url and admin_key, both or neither', { key: true });
      }
      continue;
    }
    for (const key of ['url', 'management_url', 'admin_url', 'admin_key'] as const) {
      if (resource[key] === undefined) continue;
      const found = 'an address or a key of an external server';
      report([...path, key], found, `"provider: external" beside it, or no ${key}`, { key: true });
    }
  }
};

const workersAreOurs: Rule = ({ infrastructure }, report) => {
  for (const [name, { kind, provider, workers }] of Object.entries(infrastructure)) {
    if (kind !== 'apisix' || workers === undefined || provider === undefined || provider === 'embedded')
      continue;
    const path = ['infrastructure', name, 'workers'];
    const found = `workers of a gateway with \`provider: ${provider}\`, whose own configuration sets them`;
    report(path, found, '"provider: embedded", or none, beside it, or no workers', { key: true });
  }
};

const modeIsPossible: Rule = ({ infrastructure }, report) => {
  for (const [name, { kind, provider, mode, file }] of Object.entries(infrastructure)) {
    if (kind !== 'apisix') continue;
    const path = ['infrastructure', name];
    if (mode !== undefined && mode !== 'traditional' && provider !== 'external') {
      const found = `${mode} for a gateway that qbtc starts, which keeps its routes itself`;
      report([...path, 'mode'], found, '"provider: external" beside it, or no mode');
    }
    if ((mode === 'standalone-file') !== (file !== undefined)) {
      const found = file === undefined ? 'nothing' : 'a file that nobody reads';
      report([...path, 'file'], found, 'mode: standalone-file and file, both or neither', { key: true });
    }
  }
};

const programIsClear: Rule = ({ services }, report) => {
  for (const [name, { entry, command }] of Object.entries(services)) {
    const path = ['services', name];
    if (entry !== undefined && command !== undefined) {
      report([...path, 'command'], 'both entry and command', 'one of them', { key: true });
    } else if (entry === undefined && command === undefined) {
      report(path, 'neither entry nor command', 'one of them', { key: true });
    }
  }
};

const rolesHaveDatabases: Rule = ({ services, infrastructure }, report) => {
  const databases = Object.entries(infrastructure)
    .filter(([, { kind }]) => kind === 'postgres')
    .map(([name]) => name);
  for (const [service, { database }] of Object.entries(services)) {
    const named = database?.resource;
    if (named === undefined || databases.includes(named)) continue;
    const expected = databases.length === 0 ? 'a resource of kind postgres' : listed(databases);
    report(['services', service, 'database', 'resource'], JSON.stringify(named), expected, {
      near: () => nearest(named, databases),
    });
  }
};

const accountsHaveBrokers: Rule = ({ services, infrastructure }, report) => {
  const brokers = Object.entries(infrastructure)
    .filter(([, { kind }]) => kind === 'rabbitmq')
    .map(([name]) => name);
  for (const [service, { events }] of Object.entries(services)) {
    const named = events?.resource;
    if (named === undefined || brokers.includes(named)) continue;
    const expected = brokers.length === 0 ? 'a resource of kind rabbitmq' : listed(brokers);
    report(['services', service, 'events', 'resource'], JSON.stringify(named), expected, {
      near: () => nearest(named, brokers),
    });
  }
};

const routesAreDistinct: Rule = ({ services }, report) => {
  const holders = new Map<string, string>();
  for (const [service, { routes = [] }] of Object.entries(services)) {
    for (const [index, { name }] of routes.entries()) {
      if (name === undefined) continue;
      const path = ['services', service, 'routes', index, 'name'];
      const holder = holders.get(name);
      if (holder === undefined) holders.set(name, fieldName(path));
      else report(path, JSON.stringify(name), `a name of its own: ${holder} has this one`);
    }
  }
};

const routesHaveUri: Rule = ({ services }, report) => {
  for (const [service, { routes = [] }] of Object.entries(services)) {
    for (const [index, { uri, uris }] of routes.entries()) {
      const path = ['services', service, 'routes', index];
      if (uri === undefined && uris === undefined) report(path, 'neither uri nor uris', 'one of them');
      if (uri !== undefined && uris !== undefined) {
        report([...path, 'uris'], 'both uri and uris', 'one of them', { key: true });
      }
    }
  }
};

const consumersAreDistinct: Rule = ({ gateway: { consumers = [] } }, report) => {
  const path = ['gateway', 'consumers'];
  distinct(
    consumers.map(({ username }) => username),
    (index) => [...path, index, 'username'],
    report,
  );
  for (const [index, { credentials = [] }] of consumers.entries()) {
    const ids = credentials.map(({ id }) => id);
    distinct(ids, (inner) => [...path, index, 'credentials', inner, 'id'], report);
  }
};

function distinct(
  names: readonly (string | undefined)[],
  pathOf: (index: number) => FieldPath,
  report: Report,
): void {
  const firsts = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue;
    const first = firsts.get(name);
    if (first === undefined) {
      firsts.set(name, index);
      continue;
    }
    report(
      pathOf(index),
      JSON.stringify(name),
      `a name of its own: ${fieldName(pathOf(first))} has this one`,
    );
  }
}

const weightsAddUp: Rule = ({ score }, report) => {
  const defaults = stackSchema.shape.score.parse(undefined).weights;
  const weights = SCORE_COMPONENTS.map((name) => score.weights?.[name] ?? defaults[name]);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum !== 100) report(['score', 'weights'], `weights of ${sum} in all`, '100 in all', { key: true });
};
