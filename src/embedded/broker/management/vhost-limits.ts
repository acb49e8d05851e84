import type { VhostLimits } from '../virtual-host.ts';
import {
  badRequest,
  noContent,
  ok,
  type Request,
  type Resource,
  required,
  vhostsOf,
  vhostToChange,
} from './resource.ts';

const NAMES = ['max-queues', 'max-connections'] as const;

export const vhostLimits: Resource[] = [
  { path: '/api/vhost-limits', GET: listLimits },
  { path: '/api/vhost-limits/:vhost', GET: listLimits },
  {
    path: '/api/vhost-limits/:vhost/:name',
    role: 'administrator',
    PUT: (request) => {
      const vhost = vhostToChange(request);
      required(request.body, ['value']);
      const { value } = request.body;
      const name = request.path.name ?? '';
      if (!isLimit(name))
        throw fail(`Unrecognised terms [{<<"${name}">>,${JSON.stringify(value)}}] in limits`);
      if (typeof value !== 'number')
        throw fail(`${name} should be a number, actually was <<"${String(value)}">>`);
      vhost.limits = { ...vhost.limits, [name]: value };
      request.state.vhosts.changed();
      return noContent;
    },
    DELETE: (request) => {
      const vhost = vhostToChange(request);
      const { [request.path.name as keyof VhostLimits]: _, ...rest } = vhost.limits;
      vhost.limits = rest;
      request.state.vhosts.changed();
      return noContent;
    },
  },
];

function listLimits(request: Request) {
  return ok(
    vhostsOf(request)
      .filter(({ limits }) => Object.keys(limits).length > 0)
      .map(({ name, limits }) => ({ vhost: name, value: limits })),
  );
}

function isLimit(name: string): name is (typeof NAMES)[number] {
  return NAMES.some((each) => each === name);
}

function fail(text: string) {
  return badRequest(`Validation failed\n\n${text}\n`);
}
