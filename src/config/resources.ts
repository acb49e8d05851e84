import { resolve } from 'node:path';
import { memorySize } from '../memory-size.ts';
import { DEFAULT_EVICTION, DEFAULT_MAX_MEMORY, EVICTION_POLICIES } from '../model/cache.ts';
import { GATEWAY_MODES, PROVIDER_NAMES, type Resource, type ResourceKind } from '../model/resource.ts';
import { factsOf } from '../resources/facts.ts';
import type { StackDocument } from './document.ts';
import { externalEndpoint, ownEndpoint } from './endpoints.ts';
import { type FieldPath, fieldName, type Mistake } from './mistake.ts';
import { type Outline, type ResourceOutline, resourcePorts, secretOfResource } from './outline.ts';

export interface Resources {
  /** In the order of the file; `undefined` for a resource whose mistakes leave nothing to refer to. */
  byName: Map<string, Resource | undefined>;
  /** Where each is reached inside the network of the compose file, by its name; what is adopted stays where it is. */
  inside: Map<string, Resource['endpoint'] | undefined>;
  mistakes: Mistake[];
}

/** The resources with their ports and endpoints, one by one, so that a mistake in one leaves the others known. */
export function resourcesOf(
  stack: Outline,
  root: string,
  secrets: Readonly<Record<string, string>>,
  document: StackDocument,
): Resources {
  const mistakes: Mistake[] = [];
  const byName = new Map<string, Resource | undefined>();
  const inside: Resources['inside'] = new Map();
  for (const [name, declared] of Object.entries(stack.infrastructure)) {
    const path = ['infrastructure', name];
    const report = (field: FieldPath, found: string, expected: string) => {
      mistakes.push({ at: document.at(field), field: fieldName(field), found, expected });
    };
    const { kind } = declared;
    if (kind === undefined) {
      byName.set(name, undefined);
      continue;
    }
    const endpoint =
      declared.provider === 'external'
        ? adopted(kind, declared, path, report)
        : own(name, kind, declared, stack, secrets, report);
    byName.set(name, endpoint && resourceOf(name, kind, declared, stack, root, endpoint));
    inside.set(
      name,
      declared.provider === 'external' ? endpoint : endpoint && contained(name, kind, stack, secrets),
    );
  }
  return { byName, inside, mistakes };
}

type Report = (path: FieldPath, found: string, expected: string) => void;

function own(
  name: string,
  kind: ResourceKind,
  declared: ResourceOutline,
  stack: Outline,
  secrets: Readonly<Record<string, string>>,
  report: Report,
): Resource['endpoint'] | undefined {
  const secretName = secretOfResource(name, kind);
  const secret = Object.hasOwn(secrets, secretName) ? secrets[secretName] : undefined;
  if (secret === undefined) {
    report(['infrastructure', name], `no secret "${secretName}"`, 'a value in .qbtc/secrets.json');
    return undefined;
  }
  const ports = resourcePorts(declared, kind, stack.ports.base ?? 0);
  return ownEndpoint({ kind, stack: stack.name ?? '', ports, secret });
}

/** In a container each server listens on the port that its image is known for. */
function contained(
  name: string,
  kind: ResourceKind,
  stack: Outline,
  secrets: Readonly<Record<string, string>>,
): Resource['endpoint'] {
  const ports = Object.fromEntries(
    factsOf(kind).ports.flatMap(({ role, default: port }) => (port === undefined ? [] : [[role, port]])),
  );
  const secret = secrets[secretOfResource(name, kind)] ?? '';
  return ownEndpoint({ kind, stack: stack.name ?? '', ports, secret, host: name });
}

function adopted(
  kind: ResourceKind,
  { url, management_url, admin_url, admin_key }: ResourceOutline,
  path: FieldPath,
  report: Report,
): Resource['endpoint'] | undefined {
  // That it is missing is for the rules to say.
  if (url === undefined) return undefined;
  const management = factsOf(kind).management?.field ?? 'management_url';
  const managementUrl = { admin_url, management_url }[management];
  const result = externalEndpoint({ kind, url, managementUrl, adminKey: admin_key });
  if ('endpoint' in result) return result.endpoint;
  const { field, found, expected } = result.problem;
  report([...path, field === 'url' ? 'url' : management], found, expected);
  return undefined;
}

function resourceOf(
  name: string,
  kind: ResourceKind,
  declared: ResourceOutline,
  stack: Outline,
  root: string,
  endpoint: Resource['endpoint'],
): Resource {
  const provider = PROVIDER_NAMES.find((known) => known === declared.provider);
  const external = provider === 'external';
  const mode = GATEWAY_MODES.find((known) => known === declared.mode);
  return {
    name,
    kind,
    ...(provider === undefined ? {} : { provider }),
    // What we do not run listens on ports of its own, which are none of ours.
    ports: external ? {} : resourcePorts(declared, kind, stack.ports.base ?? 0),
    endpoint,
    ...(declared.migrations?.length
      ? { migrations: declared.migrations.map((folder) => resolve(root, folder)) }
      : {}),
    ...(mode === undefined ? {} : { mode }),
    ...(kind === 'redis' && !external ? cacheLimits(declared) : {}),
    ...(declared.workers === undefined ? {} : { workers: declared.workers }),
    ...(declared.file === undefined ? {} : { standaloneFile: resolve(root, declared.file) }),
  };
}

/** What is wrong with them is told by the schema. */
function cacheLimits({
  max_memory = DEFAULT_MAX_MEMORY,
  eviction,
}: ResourceOutline): Pick<Resource, 'maxMemoryBytes' | 'eviction'> {
  return {
    maxMemoryBytes: memorySize(max_memory) ?? 0,
    eviction: EVICTION_POLICIES.find((known) => known === eviction) ?? DEFAULT_EVICTION,
  };
}
