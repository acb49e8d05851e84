import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planGateway } from '../../src/gateway/plan.ts';
import { stamped } from '../../src/gateway/stamp.ts';
import { emptyState } from '../../src/gateway/state.ts';
import { claimsOf } from '../../src/gateway/takeover.ts';
import type { GatewayObject, GatewayState } from '../../src/model/gateway.ts';
import { noLedger } from '../../src/reconcile/ledger.ts';
import { runs } from '../support/property-runs.ts';

const NO_SCHEMAS = new Map();

function stateOf(routes: Record<string, string[]>): GatewayState {
  const state = emptyState();
  for (const [id, uris] of Object.entries(routes)) state.route.set(id, stamped({ uris }, 'acme'));
  return state;
}

const planFor = (before: GatewayState, after: GatewayState) =>
  planGateway(after, before, {
    stack: 'acme',
    prune: true,
    secrets: [],
    schemas: NO_SCHEMAS,
    ledger: noLedger,
  });

const uri = fc.constantFrom('/1', '/2', '/3', '/4', '/5');
const routes = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.uniqueArray(uri, { minLength: 1, maxLength: 3 }),
  { noNullPrototype: true },
);

describe('handing URIs over', () => {
  it('leaves no URI that is served before and after without a route in between, in any order that the needs allow', () => {
    fc.assert(
      fc.property(routes, routes, fc.infiniteStream(fc.nat()), (before, after, choices) => {
        const [there, wanted] = [stateOf(before), stateOf(after)];
        const { steps } = planFor(there, wanted);
        const kept = [...there.route.values()]
          .flatMap(claimsOf)
          .filter((claim) => [...wanted.route.values()].flatMap(claimsOf).includes(claim));
        const now = new Map<string, GatewayObject>(there.route);
        const open = new Map(steps.map((step) => [step.id, step]));
        // Steps run at once where nothing holds them: any that is ready may be the next.
        while (open.size > 0) {
          const ready = [...open.values()].filter((step) => step.needs.every((need) => !open.has(need)));
          expect(ready.length, 'a plan that waits for itself').toBeGreaterThan(0);
          const step = ready[choices.next().value % ready.length] as (typeof ready)[number];
          open.delete(step.id);
          if (step.target.object === undefined) now.delete(step.target.id);
          else now.set(step.target.id, step.target.object);
          const served = new Set([...now.values()].flatMap(claimsOf));
          for (const claim of kept) expect(served.has(claim), `${claim} after ${step.id}`).toBe(true);
        }
        expect([...now.keys()].sort()).toEqual([...wanted.route.keys()].sort());
        for (const [id, route] of wanted.route) expect(now.get(id)?.uris).toEqual(route.uris);
      }),
      { numRuns: runs(150, 500) },
    );
  });

  it('lists a step after those that it needs', () => {
    fc.assert(
      fc.property(routes, routes, (before, after) => {
        const seen = new Set<string>();
        for (const step of planFor(stateOf(before), stateOf(after)).steps) {
          for (const need of step.needs) expect(seen.has(need), `${step.id} needs ${need}`).toBe(true);
          seen.add(step.id);
        }
      }),
    );
  });

  it('widens one route of a circle, and says so', () => {
    const { steps } = planFor(stateOf({ a: ['/1'], b: ['/2'] }), stateOf({ a: ['/2'], b: ['/1'] }));
    expect(steps.map(({ id, change }) => [id, change.reason])).toEqual([
      ['route/a+', 'keeps its URIs until the routes that take them over have them'],
      ['route/b', 'differs from what is declared'],
      ['route/a', 'differs from what is declared'],
    ]);
  });
});
