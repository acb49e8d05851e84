import { nodesOf } from '../config/service-address.ts';
import { QbtcError } from '../errors.ts';
import {
  GATEWAY_ID,
  GATEWAY_ID_LENGTH,
  type GatewayKind,
  type GatewayObject,
  type GatewayState,
} from '../model/gateway.ts';
import type { Readiness } from '../model/readiness.ts';
import type { Stack } from '../model/stack.ts';
import { stamped, WITHOUT_LABELS, withKeyDigest } from './stamp.ts';
import { credentialKey, emptyState } from './state.ts';

/** The schema of a consumer since APISIX 3.0; a hyphen is allowed since 3.2. */
const USERNAME_PATTERN = /^[a-zA-Z0-9_-]+$/;
const USERNAME_LENGTH = 100;

/** Fields by which a route names its own target; otherwise it goes to the upstream of its service. */
const TARGETS = ['upstream', 'upstream_id', 'service_id'];

/**
 * What the gateway should hold for a stack: for every service with routes an upstream with one node a replica, its
 * routes, the stack's consumers with their credentials, and what is declared as it is; all that can is stamped. Ids are
 * `STACK-NAME`, so that stacks can share a gateway; usernames and the ids of what is declared as it is stay as they
 * are.
 *
 * @throws QbtcError `GATEWAY_DECLARATION`, with every id that APISIX would refuse or that two declarations claim
 */
export function desiredGateway(stack: Stack): GatewayState {
  const state = emptyState();
  const mistakes: string[] = [];
  const claimedBy = new Map<string, () => string>();

  /** Where it is declared is asked for only when there is something to say about it. */
  const add = (kind: GatewayKind, id: string, object: GatewayObject, declaredAs: string | (() => string)) => {
    const key = `${kind} ${id}`;
    const claimed = claimedBy.get(key);
    const where = typeof declaredAs === 'string' ? () => declaredAs : declaredAs;
    if (claimed !== undefined) mistakes.push(`${where()} and ${claimed()} would both be the ${key}`);
    claimedBy.set(key, where);
    state[kind].set(id, WITHOUT_LABELS.has(kind) ? object : stamped(object, stack.name));
  };
  const checkId = (id: string, declaredAs: string) => {
    if (!GATEWAY_ID.test(id)) {
      mistakes.push(`${declaredAs}: the id "${id}" may hold letters, digits, "-", "_" and "." only`);
    } else if (id.length > GATEWAY_ID_LENGTH) {
      mistakes.push(
        `${declaredAs}: the id "${id}" has ${id.length} characters, APISIX takes ${GATEWAY_ID_LENGTH}`,
      );
    }
  };

  const referred = referredUpstreams(stack);
  for (const service of stack.services) {
    const upstreamId = serviceUpstream(stack, service);
    if (service.routes.length === 0 && !referred.has(upstreamId)) continue;
    const declaredAs = `services.${service.name}`;
    checkId(upstreamId, declaredAs);
    const replicas = service.nodes ?? nodesOf(service);
    const nodes = Object.fromEntries(replicas.map(({ host, port }) => [nodeName(host, port), 1]));
    const upstream: GatewayObject = { name: service.name, type: 'roundrobin', nodes };
    if (service.url?.startsWith('https:')) upstream.scheme = 'https';
    // What runs elsewhere is known there by the name that its url has.
    if (service.url !== undefined && !isLoopback(service.url)) upstream.pass_host = 'node';
    // With one node there is nothing to choose; with more, a broken one must not get its share.
    if (replicas.length > 1) upstream.checks = checksOf(service.health);
    add('upstream', upstreamId, upstream, declaredAs);

    for (const { id: _, ...route } of service.routes) {
      const routeId = `${stack.name}-${route.name}`;
      const routeAt = `${declaredAs}.routes.${route.name}`;
      checkId(routeId, routeAt);
      const hasTarget = TARGETS.some((field) => route[field] !== undefined);
      add('route', routeId, hasTarget ? route : { ...route, upstream_id: upstreamId }, routeAt);
    }
  }

  for (const { credentials = [], ...consumer } of stack.gateway.consumers) {
    const { username } = consumer;
    const declaredAs = `gateway.consumers.${username}`;
    if (!USERNAME_PATTERN.test(username) || username.length > USERNAME_LENGTH) {
      mistakes.push(
        `${declaredAs}: a username holds letters, digits, "-" and "_" only, at most ${USERNAME_LENGTH}`,
      );
    }
    add('consumer', username, consumer, declaredAs);
    for (const { id, ...credential } of credentials) {
      const credentialAt = `${declaredAs}.credentials.${id}`;
      checkId(id, credentialAt);
      add('credential', credentialKey(username, id), credential, credentialAt);
    }
  }

  for (const { kind, id, object } of stack.gateway.objects) {
    add(kind, id, kind === 'ssl' ? withKeyDigest(object) : object, () => placeOf(stack, kind, id));
  }
  if (mistakes.length > 0) {
    throw new QbtcError('GATEWAY_DECLARATION', 'the gateway cannot be brought to what the stack declares', {
      details: mistakes,
      hint: `change them in ${stack.file}`,
    });
  }
  return state;
}

/** As the service tells that it is ready, as far as a gateway can ask. */
function checksOf(health: Readiness): Record<string, unknown> {
  if (health.kind === 'http') return healthChecks(health.path, health.status);
  const { active } = healthChecks('/');
  const { http_path: _, ...tcp } = active as Record<string, unknown>;
  return { active: { ...tcp, type: 'tcp' } };
}

function isLoopback(url: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}

/** The name of a node among those of an upstream; IPv6 stands in brackets. */
function nodeName(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The upstream that a service of the stack is behind the gateway: `STACK-SERVICE`. */
export const serviceUpstream = (
  stack: Pick<Stack, 'name'>,
  service: Pick<Stack['services'][number], 'name'>,
) => `${stack.name}-${service.name}`;

/** What is declared beside the services may go to one of them by its upstream. */
function referredUpstreams({ gateway: { objects } }: Pick<Stack, 'gateway'>): Set<string> {
  const own = new Set(objects.flatMap(({ kind, id }) => (kind === 'upstream' ? [id] : [])));
  const named = objects.map(({ object }) => String(object.upstream_id ?? ''));
  return new Set(named.filter((id) => !own.has(id)));
}

/** Two good answers let a replica in, two failures take it out, looked at each two seconds. */
export function healthChecks(path: string, statuses: readonly number[] = [200]): Record<string, unknown> {
  return {
    active: {
      type: 'http',
      http_path: path,
      timeout: 2,
      healthy: { interval: 2, successes: 2, http_statuses: [...statuses] },
      unhealthy: {
        interval: 2,
        http_failures: 2,
        tcp_failures: 2,
        timeouts: 2,
        http_statuses: [500, 502, 503, 504],
      },
    },
  };
}

/** Where it is declared, as a mistake names it: the second of two that claim one id has no place of its own. */
function placeOf(stack: Stack, kind: GatewayKind, id: string): string {
  const place = stack.gateway.locate(kind, id);
  return place ? `${place.file}:${place.line}` : `${kind} ${id}`;
}
