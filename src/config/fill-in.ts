import type { Resource } from '../model/resource.ts';
import { isRecord } from '../record.ts';
import type { StackDocument } from './document.ts';
import { accountEndpoint, endpointFields, roleEndpoint } from './endpoints.ts';
import { interpolate, type Values } from './interpolate.ts';
import type { FieldPath, Mistake } from './mistake.ts';
import { ownOfServers } from './other-servers.ts';
import { hasAccount, outlineOf, secretNamesOf, secretOfAccount, secretOfRole } from './outline.ts';
import { resourcesOf } from './resources.ts';
import { nodesOf } from './service-address.ts';
import { leftOutServices, withoutServices } from './stand-ins.ts';

/** Keys that resources are made from, so that their values cannot refer to resources. */
const BEFORE_RESOURCES = new Set(['strategy', 'ports', 'infrastructure']);
/** The address of a service that is left out. */
const LEFT_OUT = { url: '', host: '', port: '' };
/** What `env` of the stack says to each service, by its name. */
export type Environments = ReadonlyMap<string, Record<string, string>>;

/** The document with its references filled in. Never throws: what is wrong is among the mistakes. */
export function fillIn(
  document: StackDocument,
  root: string,
  { env, secrets }: Pick<Values, 'env' | 'secrets'>,
): {
  data: Record<string, unknown>;
  environment: Environments;
  /** The services as the network of the compose file sees them. */
  inside: { services: unknown; environment: Environments };
  resources: Resource[];
  mistakes: Mistake[];
  /** What references outside of `services` are filled in with. */
  values: Values;
} {
  const mistakes: Mistake[] = [];
  const fill = (value: unknown, path: FieldPath, values: Values) =>
    interpolate(value, path, values, document, mistakes);

  const declared = outlineOf(document.data);
  const secretNames = secretNamesOf(declared);
  const declaredSecrets = new Set(secretNames);
  const servers = ownOfServers(declared);
  const plain: Values = { env, secrets, secretNames, declaredSecrets, resources: undefined, servers };
  const data: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(document.data)) {
    data[key] = BEFORE_RESOURCES.has(key) ? fill(value, [key], plain) : value;
  }

  const leftOut = leftOutServices(document.data.services, plain, document);
  const declaredServices = withoutServices(document.data.services, leftOut);
  const resources = resourcesOf(outlineOf(data), data.infrastructure, root, secrets, document);
  mistakes.push(...resources.mistakes);
  const { byName } = resources;
  const fieldsOf = (endpoints: (name: string, resource: Resource) => Resource['endpoint'] | undefined) =>
    new Map(
      [...byName].map(([name, resource]) => {
        const endpoint = resource && endpoints(name, resource);
        return [name, resource && endpoint && endpointFields(resource.kind, endpoint)];
      }),
    );
  const base = outlineOf(data).ports.base ?? 0;
  /** What is wrong with its fields is told where the service itself is filled in. */
  const addressOf = (name: string, host: string) => {
    const all = document.data.services;
    const written = isRecord(all) ? all[name] : undefined;
    const { url, port } = isRecord(written) ? written : {};
    const filled = (value: unknown, field: string) =>
      interpolate(value, ['services', name, field], plain, document, []);
    if (url !== undefined) {
      const text = filled(url, 'url');
      if (typeof text !== 'string') return {};
      const [node] = URL.canParse(text) ? nodesOf({ url: text, replicas: 1 }) : [];
      return { url: text.replace(/\/+$/, ''), host: node?.host ?? '', port: String(node?.port ?? '') };
    }
    const said = filled(port, 'port');
    if (typeof said !== 'string' && typeof said !== 'number') return {};
    const own = String(Number(said) + base);
    return { url: `http://${host}:${own}`, host, port: own };
  };
  /** A service with a role or an account of its own reaches its database or broker as that. */
  const servicesFrom = (
    endpoints: Parameters<typeof fieldsOf>[0],
    hostOf: (service: string) => string,
    report: Mistake[],
  ) => {
    const addresses = Object.keys(declared.services).map(
      (name) => [name, leftOut.has(name) ? LEFT_OUT : addressOf(name, hostOf(name))] as const,
    );
    const common: Values = { ...plain, resources: fieldsOf(endpoints), services: new Map(addresses) };
    const valuesOf = (service: string): Values => {
      const fields = new Map(common.resources);
      const { database, events } = declared.services[service] ?? {};
      const connectAs = (
        name: string | undefined,
        secret: string,
        own: (endpoint: Resource['endpoint'], password: string) => Resource['endpoint'],
      ) => {
        const resource = name === undefined ? undefined : byName.get(name);
        const password = secrets[secret];
        if (name === undefined || resource === undefined || password === undefined) return;
        const endpoint = endpoints(name, resource);
        if (endpoint !== undefined) fields.set(name, endpointFields(resource.kind, own(endpoint, password)));
      };
      const stack = declared.name ?? '';
      connectAs(database?.resource, secretOfRole(service), (endpoint, password) =>
        roleEndpoint(endpoint, stack, service, password),
      );
      connectAs(
        hasAccount(events) ? events?.resource : undefined,
        secretOfAccount(service),
        (endpoint, password) => accountEndpoint(endpoint, stack, service, password),
      );
      const own = {
        hasPort: addressOf(service, '').port !== undefined,
        ports: Object.keys(declared.services[service]?.ports ?? {}),
      };
      return { ...common, resources: fields, own };
    };
    const services = declaredServices;
    const environment = new Map<string, Record<string, string>>();
    if (!isRecord(services)) {
      return { services: interpolate(services, ['services'], common, document, report), environment };
    }
    const filled = Object.entries(services).map(([name, service]) => {
      const values = valuesOf(name);
      // The schema judges what is not filled in yet: texts by names, or the stack is not built.
      const given = interpolate(document.data.env ?? {}, ['env'], values, document, report);
      environment.set(name, given as Record<string, string>);
      return [name, interpolate(service, ['services', name], values, document, report)];
    });
    return { services: Object.fromEntries(filled) as unknown, environment };
  };
  const full: Values = { ...plain, resources: fieldsOf((_, { endpoint }) => endpoint) };
  const outside = servicesFrom(
    (_, { endpoint }) => endpoint,
    () => '127.0.0.1',
    mistakes,
  );
  for (const [key, value] of Object.entries(document.data)) {
    if (key === 'services') data[key] = outside.services;
    else if (key !== 'env' && !BEFORE_RESOURCES.has(key)) data[key] = fill(value, [key], full);
  }
  // What is wrong with them is wrong with the services outside too, and told there.
  const inside = servicesFrom(
    (name) => resources.inside.get(name),
    (service) => service,
    [],
  );
  const known = [...byName.values()].filter((resource) => resource !== undefined);
  return { data, environment: outside.environment, inside, resources: known, mistakes, values: full };
}
