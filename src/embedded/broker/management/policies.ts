import { POLICY_TARGETS } from '../../../model/topology.ts';
import { faultOf, type Policy, print } from '../virtual-host/policies.ts';
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

export const policies: Resource[] = [
  { path: '/api/policies', GET: listPolicies },
  { path: '/api/policies/:vhost', GET: listPolicies },
  {
    path: '/api/policies/:vhost/:name',
    roleToChange: 'policymaker',
    GET: (request) => ok(showPolicy(existing(request), vhostOf(request))),
    PUT: (request) => {
      const vhost = vhostToChange(request);
      const name = request.path.name ?? '';
      required(request.body, ['pattern', 'definition']);
      const policy = readPolicy(name, request.body);
      const known = vhost.policies.find(name) !== undefined;
      vhost.policies.put(policy);
      vhost.policiesChanged();
      request.state.vhosts.changed();
      return known ? noContent : created();
    },
    DELETE: (request) => {
      const vhost = vhostOf(request);
      vhost.policies.delete(existing(request).name);
      vhost.policiesChanged();
      request.state.vhosts.changed();
      return noContent;
    },
  },
];

/** Throws 400 in RabbitMQ's words, with `where` at their end. */
export function readPolicy(name: string, body: Record<string, unknown>, where = ''): Policy {
  const fail = (text: string) => badRequest(`Validation failed\n\n${text}\n${where}`);
  const { pattern, definition, priority = 0, 'apply-to': applyTo = 'all' } = body;
  if (typeof priority !== 'number' || !Number.isInteger(priority))
    throw fail(`priority should be a number, actually was ${print(priority)}`);
  if (typeof pattern !== 'string') throw fail(`pattern should be a binary but was ${print(pattern)}`);
  try {
    new RegExp(pattern);
  } catch (error) {
    throw fail(`pattern should be regular expression but is invalid: ${(error as Error).message}`);
  }
  const target = POLICY_TARGETS.find((known) => known === applyTo);
  if (target === undefined)
    throw fail(`apply-to '${String(applyTo)}' unrecognised; should be 'queues', 'exchanges' or 'all'`);
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition))
    throw fail('definition should be an object');
  const fault = faultOf(definition as Record<string, unknown>);
  if (fault !== undefined) throw fail(fault);
  return {
    name,
    pattern,
    applyTo: target,
    priority,
    definition: definition as Record<string, unknown>,
  };
}

export function showPolicy({ name, pattern, applyTo, definition, priority }: Policy, vhost: VirtualHost) {
  return { vhost: vhost.name, name, pattern, 'apply-to': applyTo, definition, priority };
}

function listPolicies(request: Request) {
  const items = vhostsOf(request).flatMap((vhost) =>
    vhost.policies.all.map((policy) => showPolicy(policy, vhost)),
  );
  return list(request, items, ['vhost', 'name']);
}

function existing(request: Request): Policy {
  const policy = vhostOf(request).policies.find(request.path.name ?? '');
  if (policy === undefined) throw objectNotFound();
  return policy;
}
