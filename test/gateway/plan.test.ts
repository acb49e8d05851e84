import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { desiredGateway } from '../../src/gateway/desired.ts';
import { type GatewayPlan, planGateway, schemasNeeded } from '../../src/gateway/plan.ts';
import type { JsonSchema, SchemaName } from '../../src/gateway/schema.ts';
import { isOfStack } from '../../src/gateway/stamp.ts';
import { emptyState, objectsOf } from '../../src/gateway/state.ts';
import type { GatewayObject, GatewayState } from '../../src/model/gateway.ts';
import type { Stack } from '../../src/model/stack.ts';
import { noLedger } from '../../src/reconcile/ledger.ts';
import { anyStack, LLM_STACK, stackWith } from './stacks.ts';

const NO_SCHEMAS = new Map<SchemaName, JsonSchema>();

function planFor(
  stack: Stack,
  observed: GatewayState,
  options: { prune?: boolean; schemas?: typeof NO_SCHEMAS } = {},
) {
  return planGateway(desiredGateway(stack), observed, {
    stack: stack.name,
    prune: options.prune ?? false,
    secrets: Object.values(stack.secrets),
    ledger: noLedger,
    schemas: options.schemas ?? NO_SCHEMAS,
  });
}

/** The state after the plan, as a gateway would hold it: with ids and times, and nodes as an array. */
function applied(observed: GatewayState, plan: GatewayPlan): GatewayState {
  const state = emptyState();
  for (const { kind, id, object } of objectsOf(observed)) state[kind].set(id, object);
  for (const { target, change } of plan.steps) {
    if (change.blocked !== undefined) continue;
    if (target.object) state[target.kind].set(target.id, stored(target.object, target.id));
    else state[target.kind].delete(target.id);
  }
  return state;
}

function stored(object: GatewayObject, id: string): GatewayObject {
  const copy = structuredClone(object);
  if (copy.nodes && !Array.isArray(copy.nodes)) {
    copy.nodes = Object.entries(copy.nodes)
      .map(([address, weight]) => {
        const [host = '', port] = address.split(':');
        return { host, port: Number(port), weight, priority: 0 };
      })
      .reverse();
  }
  return { ...copy, id, create_time: 1_795_186_441, update_time: 1_795_186_442 };
}

function gatewayOf(stack: Stack): GatewayState {
  return applied(emptyState(), planFor(stack, emptyState()));
}

describe('planGateway', () => {
  it('creates everything on an empty gateway, what is referred to first', () => {
    const { steps } = planFor(LLM_STACK, emptyState());
    expect(steps.map((step) => `${step.change.action} ${step.id}`)).toEqual([
      'create upstream/acme-llm-api',
      'create consumer/app',
      'create consumer/test',
      'create credential/app/app-bearer',
      'create credential/test/test-apikey',
      'create credential/test/test-bearer',
      'create route/acme-llm-chat',
      'create route/acme-llm-models',
    ]);
    expect(steps.find((step) => step.id === 'route/acme-llm-chat')?.needs).toEqual(['upstream/acme-llm-api']);
    expect(steps.find((step) => step.id === 'credential/app/app-bearer')?.needs).toEqual(['consumer/app']);
  });

  it('is empty once it was applied', () => {
    fc.assert(
      fc.property(anyStack, anyStack, fc.boolean(), (before, now, prune) => {
        const observed = gatewayOf(before);
        const settled = applied(observed, planFor(now, observed, { prune }));
        expect(planFor(now, settled, { prune }).steps).toEqual([]);
      }),
    );
  });

  it('lists every step after those that it needs', () => {
    fc.assert(
      fc.property(anyStack, anyStack, (before, now) => {
        const seen = new Set<string>();
        for (const step of planFor(now, gatewayOf(before), { prune: true }).steps) {
          for (const id of step.needs) expect(seen).toContain(id);
          seen.add(step.id);
        }
      }),
    );
  });

  it('writes and deletes nothing that lacks either label', () => {
    const labels = fc.constantFrom<Record<string, string> | undefined>(
      undefined,
      { 'managed-by': 'qbtc' },
      { 'qbtc-stack': 'acme' },
      { 'managed-by': 'qbtc', 'qbtc-stack': 'other' },
      { 'managed-by': 'adc', 'qbtc-stack': 'acme' },
    );
    fc.assert(
      fc.property(anyStack, anyStack, labels, (before, now, theirs) => {
        const observed = gatewayOf(before);
        for (const { kind, id, object } of objectsOf(observed)) {
          const { labels: _, ...bare } = object;
          observed[kind].set(id, theirs ? { ...bare, labels: theirs } : bare);
        }
        for (const step of planFor(now, observed, { prune: true }).steps) {
          const there = observed[step.target.kind].get(step.target.id);
          if (there === undefined) expect(step.change.action).toBe('create');
          else expect(step.change.blocked).toContain('not ours');
        }
      }),
    );
  });

  it('shows no secret', () => {
    fc.assert(
      fc.property(anyStack, anyStack, (before, now) => {
        const { steps, leftovers } = planFor(now, gatewayOf(before));
        expect(JSON.stringify([steps.map((step) => step.change), leftovers])).not.toContain('S3CRET');
      }),
    );
  });

  it('masks a changed key and every value that holds a secret of the stack', () => {
    const observed = gatewayOf(LLM_STACK);
    const credential = observed.credential.get('app/app-bearer');
    observed.credential.set('app/app-bearer', {
      ...credential,
      plugins: { 'key-auth': { key: 'an-older-key' } },
    });
    const route = observed.route.get('acme-llm-models');
    observed.route.set('acme-llm-models', { ...route, desc: 'calls with test-secret-value' });
    expect(planFor(LLM_STACK, observed).steps.map((step) => step.change.fields)).toEqual([
      [{ path: 'plugins.key-auth.key', from: '********', to: '********' }],
      [{ path: 'desc', from: '********' }],
    ]);
  });

  it('leaves what is no longer declared in place, and says so, until it is told to prune', () => {
    const smaller = stackWith({ services: [] });
    const kept = planFor(smaller, gatewayOf(LLM_STACK));
    expect(kept.steps).toEqual([]);
    expect(kept.leftovers).toHaveLength(8);
    const { steps, leftovers } = planFor(smaller, gatewayOf(LLM_STACK), { prune: true });
    expect(leftovers).toEqual([]);
    expect(steps.map((step) => step.id)).toEqual([
      'route/acme-llm-models',
      'route/acme-llm-chat',
      'credential/test/test-bearer',
      'credential/test/test-apikey',
      'credential/app/app-bearer',
      'consumer/test',
      'consumer/app',
      'upstream/acme-llm-api',
    ]);
    expect(steps.at(-1)?.needs).toEqual(['route/acme-llm-chat', 'route/acme-llm-models']);
  });

  it('deletes a renamed route only after the route that takes its URI over', () => {
    const named = (name: string) => stackWith({ services: [{ name: 'a', routes: [{ name, uri: '/x' }] }] });
    const { steps } = planFor(named('new'), gatewayOf(named('old')), { prune: true });
    expect(steps.map((step) => [step.change.action, step.id, step.needs])).toEqual([
      ['create', 'route/acme-new', []],
      ['delete', 'route/acme-old', ['route/acme-new']],
    ]);
  });

  it('sees what somebody changed by hand: a field, a plugin, a removed method', () => {
    const observed = gatewayOf(LLM_STACK);
    const chat = observed.route.get('acme-llm-chat');
    observed.route.set('acme-llm-chat', { ...chat, methods: ['POST', 'PUT'] });
    const models = observed.route.get('acme-llm-models');
    observed.route.set('acme-llm-models', { ...models, plugins: { 'key-auth': {}, cors: {} } });
    expect(planFor(LLM_STACK, observed).steps.map((step) => step.change.fields)).toEqual([
      [{ path: 'methods', from: ['POST', 'PUT'], to: ['POST'] }],
      [{ path: 'plugins.cors', from: {} }],
    ]);
  });
});

describe('stored defaults', () => {
  /** What an APISIX before 3.14 stores for the same PUT. */
  function withStoredDefaults(): GatewayState {
    const observed = gatewayOf(LLM_STACK);
    for (const [id, route] of observed.route) observed.route.set(id, { ...route, priority: 0, status: 1 });
    for (const [id, upstream] of observed.upstream) {
      observed.upstream.set(id, { ...upstream, hash_on: 'vars', scheme: 'http', pass_host: 'pass' });
    }
    const chat = observed.route.get('acme-llm-chat') ?? {};
    const plugins = chat.plugins as Record<string, Record<string, unknown>>;
    observed.route.set('acme-llm-chat', {
      ...chat,
      plugins: {
        ...plugins,
        'limit-count': { ...plugins['limit-count'], policy: 'local', rejected_code: 503, redis_port: 6379 },
      },
    });
    return observed;
  }

  const field = (value: unknown): JsonSchema => ({ default: value });
  const schemas = new Map<SchemaName, JsonSchema>([
    ['route', { properties: { priority: field(0), status: field(1) } }],
    ['upstream', { properties: { hash_on: field('vars'), scheme: field('http'), pass_host: field('pass') } }],
    [
      'plugins/limit-count',
      {
        properties: { policy: field('local'), rejected_code: field(503) },
        // A default that holds for one policy only stands in a branch of the schema.
        else: { anyOf: [{ properties: { redis_port: field(6379) } }] },
      },
    ],
  ]);

  it('are told from drift by the schemas of the gateway', () => {
    const observed = withStoredDefaults();
    expect(planFor(LLM_STACK, observed, { schemas }).steps).toEqual([]);
    expect(schemasNeeded(desiredGateway(LLM_STACK), observed).sort()).toEqual([
      'plugins/limit-count',
      'route',
      'upstream',
    ]);
  });

  it('are drift where the stored value is not the default', () => {
    const observed = withStoredDefaults();
    observed.route.set('acme-llm-models', { ...observed.route.get('acme-llm-models'), priority: 3 });
    expect(planFor(LLM_STACK, observed, { schemas }).steps.map((step) => step.change.fields)).toEqual([
      [{ path: 'priority', from: 3 }],
    ]);
  });

  it('cost no request where none are stored', () => {
    expect(schemasNeeded(desiredGateway(LLM_STACK), gatewayOf(LLM_STACK))).toEqual([]);
  });

  it('never excuse a field that a schema gives no default', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const observed = gatewayOf(LLM_STACK);
        observed.route.set('acme-llm-chat', { ...observed.route.get('acme-llm-chat'), filter_func: value });
        expect(planFor(LLM_STACK, observed, { schemas }).steps).toHaveLength(1);
      }),
    );
  });
});

describe('isOfStack', () => {
  it('holds for every object that is desired', () => {
    fc.assert(
      fc.property(anyStack, (stack) => {
        for (const { object } of objectsOf(desiredGateway(stack)))
          expect(isOfStack(object, stack.name)).toBe(true);
      }),
    );
  });
});
