import semver from 'semver';
import { RESERVED_NAMES } from '../state/files.ts';
import type { StackDocument } from './document.ts';
import { type FieldPath, fieldName, listed, type Mistake, nearest } from './mistake.ts';
import { instanceNames, stackNameProblem, suggestStackName } from './name.ts';
import { derivedSecrets, type Outline, portUses } from './outline.ts';
import { MAX_PORT, MAX_REPLICAS, portClashes } from './ports.ts';
import { adoptedIsLeftAlone, programIsClear, workersHaveNoDoor } from './reach.ts';
import { readinessIsOne } from './readiness.ts';
import type { Report, Rule } from './rule.ts';
import { consumersAreDistinct } from './sections/gateway.ts';
import {
  externalHasAddress,
  kindsAreDistinct,
  modeIsPossible,
  workersAreOurs,
} from './sections/infrastructure.ts';
import { weightsAddUp } from './sections/score.ts';
import {
  accountsHaveBrokers,
  dependenciesExist,
  dependenciesHaveAnOrder,
  rolesHaveDatabases,
  routesAreDistinct,
  routesHaveUri,
} from './sections/services.ts';
import { insidePortsAreNamed, serversAreWhole, serversHaveAnOrder } from './server-fields.ts';

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
    serversAreWhole,
    insidePortsAreNamed,
    serversHaveAnOrder,
    programIsClear,
    adoptedIsLeftAlone,
    workersHaveNoDoor,
    readinessIsOne,
    routesAreDistinct,
    routesHaveUri,
    consumersAreDistinct,
    weightsAddUp,
  ];
  const mistakes: Mistake[] = [];
  const report: Report = (path, found, expected, { key = false, near, ...facts } = {}) => {
    const at = key ? document.keyAt(path) : document.at(path);
    const mistake = { at, field: fieldName(path), found, expected, ...facts };
    mistakes.push(near === undefined ? mistake : { ...mistake, nearest: near });
  };
  for (const rule of rules) rule(stack, report);
  return mistakes;
}

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
    const expected = `a version of qbtc that satisfies ${requires}`;
    report(['requires'], `qbtc ${qbtcVersion}`, expected, { requires });
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
  for (const [index, { name }] of rest.secrets.entries()) {
    if (derived.has(name)) {
      const found = `"${name}", which a resource has already`;
      report(['secrets', index], found, 'a name of its own');
    } else if (name !== '' && seen.has(name)) {
      report(['secrets', index], `"${name}" a second time`, 'each name once');
    }
    seen.add(name);
  }
};

const namesAreFree: Rule = ({ services, infrastructure }, report) => {
  for (const [key, named] of Object.entries({ infrastructure, services })) {
    for (const name of Object.keys(named).filter((each) => RESERVED_NAMES.has(each))) {
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

const strategyIsPossible: Rule = ({ strategy, infrastructure, services }, report) => {
  if (strategy !== 'fallback') return;
  for (const [name, { url }] of Object.entries(services)) {
    if (url === undefined) continue;
    const found = 'a service that runs already, although "strategy: fallback" adopts nothing';
    report(['services', name, 'url'], found, '"entry" or "command", or "strategy: hybrid"', { key: true });
  }
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
