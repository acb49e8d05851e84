import type { GatewayObject } from '../model/gateway.ts';
import type { GatewayStep } from './plan.ts';

/** What a request is matched by first: a URI on a host (or on any). */
export function claimsOf(route: GatewayObject | undefined): string[] {
  const hosts = listOf(route?.host, route?.hosts, '*');
  return listOf(route?.uri, route?.uris).flatMap((uri) => hosts.map((host) => `${host} ${uri}`));
}

function listOf(one: unknown, several: unknown, otherwise?: string): string[] {
  const all = (Array.isArray(several) ? several : [one]).filter((item) => typeof item === 'string');
  return all.length === 0 && otherwise !== undefined ? [otherwise] : all;
}

/**
 * Orders the changes of routes so that no URI is without an answer in between: a route gives a URI up only after the
 * one that takes it over has it. Where routes exchange their URIs in a circle, one of them holds both for a while, by a
 * step of its own.
 *
 * @param upserts the creates and updates of a plan, in their order
 * @param before the route as it is now, by its id
 */
export function handOver(
  upserts: readonly GatewayStep[],
  before: (id: string) => GatewayObject | undefined,
): GatewayStep[] {
  const routes = upserts.filter(
    ({ target, change }) => target.kind === 'route' && change.blocked === undefined,
  );
  const takers = new Map<string, GatewayStep[]>();
  for (const step of routes) {
    const had = new Set(claimsOf(before(step.target.id)));
    for (const claim of claimsOf(step.target.object)) {
      if (had.has(claim)) continue;
      const list = takers.get(claim);
      if (list) list.push(step);
      else takers.set(claim, [step]);
    }
  }
  if (takers.size === 0) return [...upserts];

  /** By the step that gives something up: those that must have it first. */
  const waits = new Map<string, Set<string>>();
  for (const step of routes) {
    const has = new Set(claimsOf(step.target.object));
    const released = claimsOf(before(step.target.id)).filter((claim) => !has.has(claim));
    const needed = released.flatMap((claim) => takers.get(claim) ?? []).filter((taker) => taker !== step);
    if (needed.length > 0) waits.set(step.id, new Set(needed.map(({ id }) => id)));
  }
  if (waits.size === 0) return [...upserts];

  const wideners = new Map<string, GatewayStep>();
  for (const step of routes) {
    if (!waits.has(step.id) || !reaches(step.id, step.id, waits, wideners)) continue;
    const widened = widen(step, before(step.target.id));
    if (widened) wideners.set(step.id, widened);
  }

  return inOrder(
    upserts.flatMap((step) => {
      const widener = wideners.get(step.id);
      const needs = [...step.needs];
      for (const id of waits.get(step.id) ?? []) needs.push(wideners.get(id)?.id ?? id);
      if (widener) needs.push(widener.id);
      const ordered = { ...step, needs: [...new Set(needs)] };
      return widener ? [widener, ordered] : [ordered];
    }),
  );
}

/** True when `from` waits for `target`, over however many others; one that is widened waits for nobody. */
function reaches(
  from: string,
  target: string,
  waits: ReadonlyMap<string, ReadonlySet<string>>,
  wideners: ReadonlyMap<string, GatewayStep>,
): boolean {
  const seen = new Set<string>();
  const open = [...(waits.get(from) ?? [])];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === target) return true;
    if (seen.has(id) || wideners.has(id)) continue;
    seen.add(id);
    open.push(...(waits.get(id) ?? []));
  }
  return false;
}

/** The step before the step: the route as it will be, with the URIs that it has now besides. */
function widen(step: GatewayStep, there: GatewayObject | undefined): GatewayStep | undefined {
  const { object } = step.target;
  if (!object || !there) return undefined;
  const { uri: _uri, uris: _uris, host: _host, hosts: _hosts, ...rest } = object;
  const uris = new Set([...listOf(there.uri, there.uris), ...listOf(object.uri, object.uris)]);
  const hosts = new Set([...listOf(there.host, there.hosts), ...listOf(object.host, object.hosts)]);
  // A route for any host stays one: naming hosts would take the others from it.
  const anyHost = [there, object].some((route) => listOf(route.host, route.hosts).length === 0);
  const widened = { ...rest, uris: [...uris], ...(anyHost || hosts.size === 0 ? {} : { hosts: [...hosts] }) };
  return {
    id: `${step.id}+`,
    change: {
      action: 'update',
      kind: 'route',
      name: step.target.id,
      reason: 'keeps its URIs until the routes that take them over have them',
      fields: [{ path: 'uris', from: listOf(there.uri, there.uris), to: [...uris] }],
    },
    target: { ...step.target, object: widened },
    needs: step.needs,
  };
}

/** A plan lists a step after the steps that it needs. */
function inOrder(steps: readonly GatewayStep[]): GatewayStep[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const placed = new Set<string>();
  const ordered: GatewayStep[] = [];
  const place = (step: GatewayStep): void => {
    if (placed.has(step.id)) return;
    placed.add(step.id);
    for (const id of step.needs) {
      const needed = byId.get(id);
      if (needed) place(needed);
    }
    ordered.push(step);
  };
  for (const step of steps) place(step);
  return ordered;
}
