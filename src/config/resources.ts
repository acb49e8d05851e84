import { resolve } from 'node:path';
import { memorySize } from '../memory-size.ts';
import { DEFAULT_EVICTION, DEFAULT_MAX_MEMORY, EVICTION_POLICIES } from '../model/cache.ts';
import { GATEWAY_MODES, PROVIDER_NAMES, type Resource, type ResourceKind } from '../model/resource.ts';
import { isRecord } from '../record.ts';
import { factsOf } from '../resources/facts.ts';
import type { StackDocument } from './document.ts';
import { externalEndpoint, ownEndpoint } from './endpoints.ts';
import { type FieldPath, fieldName, type Mistake } from './mistake.ts';
import { adoptedServer, otherServer } from './other-servers.ts';
import { type Outline, type ResourceOutline, resourcePorts, secretOfResource } from './outline.ts';
import { commandLines } from './readiness.ts';
import { hasReferences, parseReferences } from './reference.ts';

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
  /** `infrastructure` with its references filled in. */
  filledIn: unknown,
  root: string,
  secrets: Readonly<Record<string, string>>,
  document: StackDocument,
): Resources {
  const mistakes: Mistake[] = [];
  const holders = new Map<string, string>();
  const byName = new Map<string, Resource | undefined>();
  const inside: Resources['inside'] = new Map();
  /** One that is run, or adopted. */
  const otherOf = (name: string, declared: ResourceOutline, filled: unknown) => {
    const at = ['infrastructure', name];
    const report = (found: string, expected: string, key: string) => {
      const field = [...at, key];
      mistakes.push({ at: document.at(field), field: fieldName(field), found, expected });
    };
    if (declared.provider === 'external') {
      const adopted = declared.url === undefined ? undefined : adoptedServer(declared, declared.url);
      if (adopted === undefined) return undefined;
      if ('endpoint' in adopted) return { ...adopted, inside: adopted.endpoint };
      report(adopted.found, adopted.expected, 'url');
      return undefined;
    }
    const secret = passwordOf(declared, writtenPassword(document, name), (found, expected) =>
      report(found, expected, 'password'),
    );
    if (secret === IN_THE_OPEN) return undefined;
    const ports = resourcePorts(declared, declared.kind ?? 'process', stack.ports.base ?? 0);
    return otherServer(name, filled, root, ports);
  };
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
    if (kind === 'process' || kind === 'container') {
      const made = otherOf(name, declared, isRecord(filledIn) ? filledIn[name] : undefined);
      byName.set(
        name,
        made && { ...resourceOf(name, kind, declared, stack, root, made), server: made.server },
      );
      inside.set(name, made?.inside);
      continue;
    }
    if (declared.provider === 'external') {
      const endpoint = withDatabases(adopted(kind, declared, path, report), declared);
      byName.set(name, endpoint && resourceOf(name, kind, declared, stack, root, { endpoint }));
      inside.set(name, endpoint);
      continue;
    }
    const written = writtenPassword(document, name);
    const credential = credentialOf(name, kind, declared, written, secrets, report);
    const { secret } = credential ?? {};
    const holder = secret === undefined ? undefined : holders.get(secret);
    if (secret !== undefined && holder !== undefined) {
      const found = `"${secret}", which is the password of ${holder}`;
      report([...path, 'password'], found, 'a secret of its own, which is changed alone');
    }
    if (secret !== undefined) holders.set(secret, name);
    const common = credential && { kind, stack: stack.name ?? '', secret: credential.value };
    const identity = { ...declared, database: declared.database ?? declared.databases?.[0] };
    const ports = resourcePorts(declared, kind, stack.ports.base ?? 0);
    const endpoint = common && withDatabases(ownEndpoint({ ...common, identity, ports }), declared);
    const parts = endpoint && { endpoint, ...(secret === undefined ? {} : { secret }) };
    byName.set(name, parts && resourceOf(name, kind, declared, stack, root, parts));
    const atPorts = { ports: portsInside(kind), host: name };
    inside.set(name, common && withDatabases(ownEndpoint({ ...common, identity, ...atPorts }), declared));
  }
  return { byName, inside, mistakes };
}

function withDatabases<E extends Resource['endpoint'] | undefined>(
  endpoint: E,
  { databases = [] }: ResourceOutline,
): E {
  return endpoint === undefined || databases.length === 0 ? endpoint : { ...endpoint, databases };
}

type Report = (path: FieldPath, found: string, expected: string) => void;

/** What a resource of ours is entered with, and the name of the secret that it is. */
interface Credential {
  value: string;
  secret?: string;
}

/** @param written the password before anything was filled in */
function credentialOf(
  name: string,
  kind: ResourceKind,
  declared: ResourceOutline,
  written: unknown,
  secrets: Readonly<Record<string, string>>,
  report: Report,
): Credential | undefined {
  const path = ['infrastructure', name];
  if (declared.password !== undefined) {
    const secret = passwordOf(declared, written, (found, expected) =>
      report([...path, 'password'], found, expected),
    );
    return secret === IN_THE_OPEN ? undefined : { value: declared.password, ...secret };
  }
  const secret = secretOfResource(name, kind);
  const value = Object.hasOwn(secrets, secret) ? secrets[secret] : undefined;
  if (value !== undefined) return { value, secret };
  report(path, `no secret "${secret}"`, 'a value in .qbtc/secrets.json');
  return undefined;
}

/** Stands for a password that is written where everybody reads it. */
const IN_THE_OPEN = 'in the open';

/** The secret that the declared password is, if it is one. */
function passwordOf(
  { password }: ResourceOutline,
  written: unknown,
  report: (found: string, expected: string) => void,
): { secret?: string } | typeof IN_THE_OPEN {
  if (password === undefined) return {};
  if (typeof written !== 'string' || !hasReferences(written)) {
    report('a password in the open', 'a reference, such as ${secrets.NAME} or ${DATABASE_PASSWORD}');
    return IN_THE_OPEN;
  }
  const [only, ...more] = parseReferences(written);
  return only?.kind === 'secret' && more.length === 0 ? { secret: only.name } : {};
}

function writtenPassword({ data }: StackDocument, name: string): unknown {
  const resource = isRecord(data.infrastructure) ? data.infrastructure[name] : undefined;
  return isRecord(resource) ? resource.password : undefined;
}

/** In a container each server listens on the port that its image is known for. */
function portsInside(kind: ResourceKind): Record<string, number> {
  return Object.fromEntries(
    factsOf(kind).ports.flatMap(({ role, default: port }) => (port === undefined ? [] : [[role, port]])),
  );
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
  parts: Pick<Resource, 'endpoint' | 'secret'>,
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
    ...parts,
    ...(declared.migrations?.length
      ? { migrations: declared.migrations.map((folder) => resolve(root, folder)) }
      : {}),
    ...(declared.migrate === undefined ? {} : migrateOf(declared.migrate)),
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

/** What is wrong with it is told by the schema. */
function migrateOf(written: unknown): Pick<Resource, 'migrate'> {
  const parsed = commandLines().safeParse(written);
  return parsed.success ? { migrate: parsed.data } : {};
}
