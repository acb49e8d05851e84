import { escapeTags } from '../virtual-host/policies.ts';
import type { VirtualHost } from '../virtual-host/virtual-host.ts';
import { list } from './lists.ts';
import {
  badRequest,
  created,
  noContent,
  objectNotFound,
  ok,
  type Request,
  type Resource,
  required,
  vhostOf,
  vhostsOf,
  vhostToChange,
} from './resource.ts';
import { readLimits } from './vhost-limits.ts';

/** The only runtime parameters that there are without plugins, besides policies. */
const COMPONENT = 'vhost-limits';
const NAME = 'limits';

export interface Parameter {
  value: unknown;
  vhost: string;
  component: string;
  name: string;
}

export const parameters: Resource[] = [
  { path: '/api/parameters', role: 'policymaker', GET: listParameters },
  { path: '/api/parameters/:component', role: 'policymaker', GET: listParameters },
  { path: '/api/parameters/:component/:vhost', role: 'policymaker', GET: listParameters },
  {
    path: '/api/parameters/:component/:vhost/:name',
    role: 'policymaker',
    GET: (request) => ok(existing(request)),
    PUT: (request) => {
      const vhost = vhostToChange(request);
      required(request.body, ['value']);
      const { component = '', name = '' } = request.path;
      const known = Object.keys(vhost.limits).length > 0;
      setParameter(vhost, { component, name, value: request.body.value }, '');
      request.state.vhosts.changed();
      return known ? noContent : created();
    },
    DELETE: (request) => {
      existing(request);
      vhostOf(request).limits = {};
      request.state.vhosts.changed();
      return noContent;
    },
  },
  {
    path: '/api/global-parameters',
    role: 'policymaker',
    GET: (request) => list(request, globalParameters(request), ['name']),
  },
  {
    path: '/api/global-parameters/:name',
    role: 'policymaker',
    roleToChange: 'administrator',
    GET: ({ state, path }) => ok(existingGlobal(state.vhosts.globalParameters, path.name ?? '')),
    PUT: ({ state, path, body }) => {
      required(body, ['value']);
      const known = state.vhosts.globalParameters.has(path.name ?? '');
      state.vhosts.globalParameters.set(path.name ?? '', body.value);
      state.vhosts.changed();
      return known ? noContent : created();
    },
    DELETE: ({ state, path }) => {
      const { name } = existingGlobal(state.vhosts.globalParameters, path.name ?? '');
      state.vhosts.globalParameters.delete(name);
      state.vhosts.changed();
      return noContent;
    },
  },
  {
    path: '/api/cluster-name',
    roleToChange: 'administrator',
    GET: ({ state }) => ok({ name: clusterName(state) }),
    PUT: ({ state, body }) => {
      required(body, ['name']);
      state.vhosts.globalParameters.set('cluster_name', String(body.name));
      state.vhosts.changed();
      return noContent;
    },
  },
  // What is not known here is an empty list, not a missing path: tools that write down everything ask for it.
  ...[
    '/api/operator-policies',
    '/api/operator-policies/:vhost',
    '/api/user-limits',
    '/api/user-limits/:user',
    '/api/topic-permissions',
    '/api/vhosts/:vhost/topic-permissions',
    '/api/users/:user/topic-permissions',
  ].map((path): Resource => ({ path, GET: () => ok([]) })),
];

/** What a virtual host was given, in the form in which RabbitMQ keeps it. */
export function parametersOf({ name: vhost, limits }: VirtualHost): Parameter[] {
  return Object.keys(limits).length === 0 ? [] : [{ value: limits, vhost, component: COMPONENT, name: NAME }];
}

/** Throws 400 in RabbitMQ's words, with `where` at their end. */
export function setParameter(
  vhost: Pick<VirtualHost, 'limits'>,
  { component, name, value }: Omit<Parameter, 'vhost'>,
  where: string,
): void {
  const fail = (text: string) => badRequest(escapeTags(`Validation failed\n\n${text}\n${where}`));
  if (component !== COMPONENT) throw fail(`component ${component} not found`);
  if (name !== NAME) throw fail(`${component} has one parameter, '${NAME}'; '${name}' is none`);
  vhost.limits = readLimits(value, fail);
}

/** How the cluster is called; its node, where nobody has said otherwise. */
export function clusterName({ vhosts, nodeName }: Request['state']): string {
  return String(vhosts.globalParameters.get('cluster_name') ?? nodeName);
}

function listParameters(request: Request) {
  const { component } = request.path;
  const found = vhostsOf(request)
    .flatMap(parametersOf)
    .filter((each) => component === undefined || each.component === component);
  return list(
    request,
    found.map((each) => ({ ...each })),
    ['vhost', 'component', 'name'],
  );
}

function existing(request: Request): Parameter {
  const { component, name } = request.path;
  const found = parametersOf(vhostOf(request)).find(
    (each) => each.component === component && each.name === name,
  );
  if (found === undefined) throw objectNotFound();
  return found;
}

function globalParameters({ state }: Request): Record<string, unknown>[] {
  return [...state.vhosts.globalParameters].map(([name, value]) => ({ name, value }));
}

function existingGlobal(all: ReadonlyMap<string, unknown>, name: string): { name: string; value: unknown } {
  if (!all.has(name)) throw objectNotFound();
  return { name, value: all.get(name) };
}
