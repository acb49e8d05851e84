import type { GatewayObject, GatewayState } from '../model/gateway.ts';
import type { Change } from '../model/plan.ts';
import { difference } from '../reconcile/difference.ts';
import type { Ledger } from '../reconcile/ledger.ts';
import type { Step } from '../reconcile/step.ts';
import { maskField } from './mask.ts';
import { isPlainlySame, normalise } from './normalise.ts';
import { type SchemaName, type Schemas, schemasToAsk, storedDefaults } from './schema.ts';
import { isDiscovered, isOfStack, ownerOf, voucherOf, WITHOUT_LABELS } from './stamp.ts';
import { nameOf, objectsOf, type Reference, referencesOf } from './state.ts';
import { claimsOf, handOver } from './takeover.ts';

/** What a step writes: the object to put, with its secrets, or nothing to delete. */
export interface GatewayTarget extends Reference {
  object?: GatewayObject;
  /** The object as it is now, for putting it back. */
  before?: GatewayObject;
  /** Whether a URI of a new route is answered by another one now. */
  served?: true;
}

export type GatewayStep = Step<GatewayTarget>;

/** Plain data: written as JSON and read back it is the same plan. */
export interface GatewayPlan {
  /** Creates and updates, what is referred to first; then deletes, what refers first. */
  steps: GatewayStep[];
  /** What is ours, no longer declared, and stays, as nobody asked to prune. Not part of the plan. */
  leftovers: Change[];
}

export interface PlanOptions {
  stack: string;
  /** Deletes what is ours and no longer declared. */
  prune: boolean;
  /** Takes over what is declared and there, and not ours. */
  adopt?: boolean;
  /**
   * Plans for what discovery found, not for what is declared: each of the two leaves what the other has made, and what
   * is discovered never takes a URI from anybody.
   */
  discovered?: boolean;
  /** Sources that could not be asked: what they vouch for stays, though it was not found. */
  blind?: ReadonlySet<string>;
  /** Tells what is ours among the kinds that take no labels. */
  ledger: Pick<Ledger, 'has'>;
  /** Values that must not appear in the plan. */
  secrets: readonly string[];
  /** The gateway's own schemas of what `schemasNeeded` names. */
  schemas: Schemas;
}

/** The schemas without which `planGateway` could take a stored default for drift. Most often none. */
export function schemasNeeded(desired: GatewayState, observed: GatewayState): SchemaName[] {
  const names = new Set<SchemaName>();
  for (const { kind, id, object } of objectsOf(desired)) {
    const there = observed[kind].get(id);
    if (!there || isPlainlySame(object, there, kind)) continue;
    for (const name of schemasToAsk(kind, normalise(object, kind), normalise(there, kind))) names.add(name);
  }
  return [...names];
}

/**
 * What must change for the gateway to hold what is desired. Only objects with both labels of the stack are ours, and
 * what the ledger names of the kinds without labels; where a desired one is there and is not ours, its change is
 * blocked unless it is to be adopted, and everything that refers to it waits.
 */
export function planGateway(
  desired: GatewayState,
  observed: GatewayState,
  options: PlanOptions,
): GatewayPlan {
  const upserts: GatewayStep[] = [];
  const upsertIds = new Set<string>();
  let claims: Set<string> | undefined;
  const isServed = (object: GatewayObject) => {
    claims ??= new Set([...observed.route.values()].flatMap(claimsOf));
    return claimsOf(object).some((claim) => claims?.has(claim));
  };
  for (const { kind, id, object } of objectsOf(desired)) {
    const before = observed[kind].get(id);
    const change = planObject({ kind, id }, object, before, options);
    if (!change) continue;
    if (kind === 'route' && options.discovered === true) {
      const rival = rivalOf(id, object, observed, options.stack);
      if (rival !== undefined) change.blocked = rival;
    }
    const needs = referencesOf(kind, id, object)
      .map(nameOf)
      .filter((name) => upsertIds.has(name));
    const target: GatewayTarget = { kind, id, object };
    if (before !== undefined) target.before = before;
    else if (kind === 'route' && isServed(object)) target.served = true;
    upserts.push({ id: nameOf({ kind, id }), change, target, needs });
    upsertIds.add(nameOf({ kind, id }));
  }

  const ordered = handOver(upserts, (id) => observed.route.get(id));
  const orphans = [...objectsOf(observed)]
    .filter(
      ({ kind, id, object }) =>
        !desired[kind].has(id) &&
        ours({ kind, id }, object, options) &&
        isDiscovered(object) === (options.discovered === true),
    )
    .reverse();
  const stays = ({ object }: { object: GatewayObject }) =>
    !options.prune || options.blind?.has(voucherOf(object) ?? '') === true;
  const deletes = planDeletes(
    orphans.filter((orphan) => !stays(orphan)),
    ordered,
    observed,
    options,
  );
  return {
    steps: [...ordered, ...deletes],
    leftovers: orphans.filter(stays).map((orphan) => deletion(orphan, options)),
  };
}

function planObject(
  { kind, id }: Reference,
  object: GatewayObject,
  there: GatewayObject | undefined,
  options: PlanOptions,
): Change | undefined {
  if (!there) {
    const found = options.discovered === true ? 'found' : 'declared';
    return { action: 'create', kind, name: id, reason: `${found} and not there` };
  }
  if (isPlainlySame(object, there, kind) && options.adopt !== true && ours({ kind, id }, there, options)) {
    return undefined;
  }
  const explains = storedDefaults(kind, options.schemas);
  const fields = difference(normalise(object, kind), normalise(there, kind), explains).map((field) =>
    maskField(kind, field, options.secrets),
  );
  if (!ours({ kind, id }, there, options)) {
    // Nothing tells it from ours, and nothing is to be done: it stays whoever's it is.
    if (fields.length === 0 && options.adopt !== true) return undefined;
    const owner = WITHOUT_LABELS.has(kind) ? 'the ledger of this stack does not name it' : ownerOf(there);
    if (options.adopt === true) {
      return { action: 'update', kind, name: id, reason: `taken over: ${owner}`, fields };
    }
    const blocked = `a ${kind} of this id is there and not ours: ${owner}; --adopt takes it over`;
    return { action: 'update', kind, name: id, fields, blocked };
  }
  if (fields.length === 0) return undefined;
  const found = options.discovered === true ? 'found' : 'declared';
  if (options.discovered === true && !isDiscovered(there)) {
    return {
      action: 'update',
      kind,
      name: id,
      fields,
      blocked: `a declared ${kind} of this stack has this id`,
    };
  }
  return { action: 'update', kind, name: id, reason: `differs from what is ${found}`, fields };
}

/** Who serves one of these URIs already, as why the route cannot have it. */
function rivalOf(
  id: string,
  object: GatewayObject,
  observed: GatewayState,
  stack: string,
): string | undefined {
  const wanted = new Set(claimsOf(object));
  for (const [other, route] of observed.route) {
    if (other === id || (isOfStack(route, stack) && isDiscovered(route))) continue;
    const claim = claimsOf(route).find((each) => wanted.has(each));
    if (claim === undefined) continue;
    const owner = isOfStack(route, stack) ? 'declared by this stack' : ownerOf(route);
    return `route ${other} serves ${claim.replace(/^\* /, '')} already: ${owner}`;
  }
  return undefined;
}

function ours(
  reference: Reference,
  object: GatewayObject,
  { stack, ledger }: Pick<PlanOptions, 'stack' | 'ledger'>,
): boolean {
  return WITHOUT_LABELS.has(reference.kind) ? ledger.has(nameOf(reference)) : isOfStack(object, stack);
}

/**
 * A delete waits for everything that still refers to its object, and a route's also for the routes that take its
 * URIs over: those are never without an answer, and a replacement that failed leaves the old route in place.
 */
function planDeletes(
  orphans: (Reference & { object: GatewayObject })[],
  upserts: readonly GatewayStep[],
  observed: GatewayState,
  options: PlanOptions,
): GatewayStep[] {
  const referrers = index(
    [...objectsOf(observed)].flatMap(({ kind, id, object }) =>
      referencesOf(kind, id, object).map((reference) => [nameOf(reference), nameOf({ kind, id })]),
    ),
  );
  const takenOver = index(
    upserts
      .filter((step) => step.target.kind === 'route')
      .flatMap((step) => claimsOf(step.target.object).map((claim) => [claim, step.id])),
  );
  const inPlan = new Set([...upserts.map((step) => step.id), ...orphans.map(nameOf)]);
  return orphans.map((orphan) => {
    const needs = [...(referrers.get(nameOf(orphan)) ?? [])];
    if (orphan.kind === 'route') {
      for (const claim of claimsOf(orphan.object)) needs.push(...(takenOver.get(claim) ?? []));
    }
    return {
      id: nameOf(orphan),
      change: deletion(orphan, options),
      target: { kind: orphan.kind, id: orphan.id, before: orphan.object },
      needs: [...new Set(needs)].filter((name) => inPlan.has(name)),
    };
  });
}

function deletion({ kind, id }: Reference, { discovered = false }: Pick<PlanOptions, 'discovered'>): Change {
  const reason = discovered ? 'discovered once, and gone' : 'ours and no longer declared';
  return { action: 'delete', kind, name: id, reason };
}

function index(pairs: string[][]): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const [key = '', value = ''] of pairs) {
    const list = lists.get(key);
    if (list) list.push(value);
    else lists.set(key, [value]);
  }
  return lists;
}
