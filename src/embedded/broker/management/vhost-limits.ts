import { termOf } from '../virtual-host/policies.ts';
import type { VhostLimits } from '../virtual-host/virtual-host.ts';
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
      const name = request.path.name ?? '';
      vhost.limits = { ...vhost.limits, ...readLimits({ [name]: request.body.value }, fail) };
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

/** Reads the value of the parameter; `fail` makes the refusal of what is no limit, in RabbitMQ's words. */
export function readLimits(value: unknown, fail: (text: string) => Error): VhostLimits {
  // RabbitMQ has no other way to write an empty object.
  if (Array.isArray(value) && value.length === 0) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail(`limits not a list ${termOf(value)}`);
  const limits: VhostLimits = {};
  for (const [name, limit] of Object.entries(value)) {
    if (!isLimit(name)) throw fail(`Unrecognised terms [{${termOf(name)},${termOf(limit)}}] in limits`);
    if (typeof limit !== 'number' || !Number.isInteger(limit))
      throw fail(`${name} should be a number, actually was ${termOf(limit)}`);
    limits[name] = limit;
  }
  return limits;
}

function isLimit(name: string): name is (typeof NAMES)[number] {
  return NAMES.some((each) => each === name);
}

function fail(text: string) {
  return badRequest(`Validation failed\n\n${text}\n`);
}
