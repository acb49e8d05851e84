import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_TOPOLOGY, type Topology } from '../../../src/model/topology.ts';
import { NO_VHOST, type ObservedTopology } from '../../../src/topology/observed.ts';
import { passwordHash } from '../../../src/topology/password.ts';
import { planChanges as planAll, type TopologyPlan } from '../../../src/topology/plan/index.ts';
import { checkRules } from '../../../src/topology/rules.ts';

const exchange = (name: string, type: Topology['exchanges'][number]['type'] = 'topic') => ({
  name,
  type,
  durable: true,
  auto_delete: false,
  internal: false,
  arguments: {},
});
const queue = (name: string, args: Record<string, unknown> = {}) => ({
  name,
  durable: true,
  auto_delete: false,
  arguments: args,
});
const binding = (source: string, destination: string, routing_key = '') => ({
  source,
  destination,
  destination_type: 'queue' as const,
  routing_key,
  arguments: {},
});

const planChanges = (topology: Partial<Topology>, observed: ObservedTopology, vhost: string) =>
  planAll({ topology: { ...EMPTY_TOPOLOGY, ...topology }, accounts: [] }, observed, { vhost });

/** The vhost after the plan, with all that RabbitMQ adds by itself. */
function applied(observed: ObservedTopology, { steps }: TopologyPlan): ObservedTopology {
  const next = structuredClone(observed);
  for (const { target, change } of steps) {
    if (change.blocked !== undefined) continue;
    if (target.kind === 'vhost') {
      next.vhostExists = true;
      next.exchanges.push(exchange(''), exchange('amq.topic'), exchange('amq.direct', 'direct'));
    } else if (target.kind === 'exchange') next.exchanges.push(target.exchange);
    else if (target.kind === 'binding') next.bindings.push({ ...target.binding, key: '' });
    else if (target.kind === 'policy') {
      next.policies = [...next.policies.filter((each) => each.name !== target.policy.name), target.policy];
    } else if (target.kind === 'policy-gone')
      next.policies = next.policies.filter((each) => each.name !== target.name);
    else if (target.kind === 'queue') {
      const { 'x-queue-type': type = next.defaultQueueType, ...args } = target.queue.arguments;
      next.queues.push({ ...target.queue, arguments: args, type: String(type), exclusive: false });
      next.bindings.push({ ...binding('', target.queue.name, target.queue.name), key: '' });
    }
  }
  return next;
}

/** As it would be written. */
const asFile = (topology: Topology) => ({
  ...topology,
  limits: {},
  queues: topology.queues.map((each) => ({ ...each })),
});

const name = fc.stringMatching(/^[a-z]{1,2}$/);
const anyTopology: fc.Arbitrary<Topology> = fc
  .record({
    exchanges: fc.uniqueArray(
      fc.record({
        name,
        type: fc.constantFrom('direct', 'topic', 'fanout', 'headers' as const),
        durable: fc.boolean(),
      }),
      { selector: (each) => each.name, maxLength: 5 },
    ),
    queues: fc.uniqueArray(
      fc.record({
        name,
        arguments: fc.record(
          {
            'x-queue-type': fc.constantFrom('classic', 'quorum'),
            'x-message-ttl': fc.nat(5),
            'x-overflow': fc.constant('drop-head'),
          },
          { requiredKeys: [] },
        ),
      }),
      { selector: (each) => each.name, maxLength: 5 },
    ),
    links: fc.array(fc.tuple(fc.nat(4), fc.nat(4), fc.stringMatching(/^[a-c]?$/)), { maxLength: 8 }),
  })
  .map(({ exchanges, queues, links }) => ({
    ...EMPTY_TOPOLOGY,
    exchanges: exchanges.map((each) => ({ ...exchange(each.name, each.type), durable: each.durable })),
    queues: queues.map((each) => queue(each.name, each.arguments)),
    bindings: [
      ...new Map(
        links.flatMap(([from, to, key]) => {
          const [source, destination] = [exchanges[from], queues[to]];
          return source && destination
            ? [[`${from} ${to} ${key}`, binding(source.name, destination.name, key)]]
            : [];
        }) as [string, Topology['bindings'][number]][],
      ).values(),
    ],
  }));

describe('planChanges', () => {
  it('creates the vhost, then all that is declared, then what binds it', () => {
    const topology = {
      exchanges: [exchange('in')],
      queues: [queue('q')],
      bindings: [binding('in', 'q', 'a.b')],
    };
    const { steps } = planChanges(topology, NO_VHOST, 'acme');
    expect(steps.map((step) => [step.change.kind, step.change.name, step.needs])).toEqual([
      ['vhost', 'acme', []],
      ['exchange', 'in', ['vhost']],
      ['queue', 'q', ['vhost']],
      ['binding', 'in → q (a.b)', ['vhost', 'exchange/in', 'queue/q']],
    ]);
    expect(new Set(steps.map((step) => step.change.reason))).toEqual(new Set(['in place']));
  });

  it('has nothing left to create once it was applied, and lists every step after those it needs', () => {
    fc.assert(
      fc.property(anyTopology, anyTopology, (before, now) => {
        fc.pre(checkRules(asFile(before)).length + checkRules(asFile(now)).length === 0);
        const first = planChanges(before, NO_VHOST, 'acme');
        const there = applied(NO_VHOST, first);
        expect(planChanges(before, there, 'acme').steps).toEqual([]);
        const second = planChanges(now, there, 'acme');
        const left = planChanges(now, applied(there, second), 'acme').steps;
        expect(left.every((step) => step.change.blocked !== undefined)).toBe(true);
        for (const { steps } of [first, second]) {
          const seen = new Set<string>();
          for (const step of steps) {
            for (const id of step.needs) expect(seen).toContain(id);
            seen.add(step.id);
            if (step.change.action === 'delete') expect(step.target.kind).toBe('policy-gone');
          }
        }
      }),
    );
  });

  it('blocks what cannot change in place, with the reason and the command to come', () => {
    const there = applied(
      NO_VHOST,
      planChanges(
        { exchanges: [exchange('e')], queues: [queue('q', { 'x-message-ttl': 1000 })], bindings: [] },
        NO_VHOST,
        'acme',
      ),
    );
    const { steps } = planChanges(
      {
        exchanges: [exchange('e', 'direct')],
        queues: [queue('q', { 'x-message-ttl': 2000, 'x-queue-type': 'quorum' })],
        bindings: [binding('e', 'q', 'k')],
      },
      there,
      'acme',
    );
    expect(steps.map(({ change }) => [change.kind, change.reason, change.fields])).toEqual([
      ['exchange', 'needs migration', [{ path: 'type', from: 'topic', to: 'direct' }]],
      [
        'queue',
        'needs migration',
        [
          { path: 'arguments.x-queue-type', from: 'classic', to: 'quorum' },
          { path: 'arguments.x-message-ttl', from: 1000, to: 2000 },
        ],
      ],
      ['binding', 'in place', undefined],
    ]);
    expect(steps[1]?.change.blocked).toContain('x-queue-type, x-message-ttl');
    expect(steps[1]?.change.blocked).toContain('`qbtc topology migrate q`');
  });

  it('takes a declared classic queue and an undeclared type for the same where classic is the default', () => {
    const declared = { exchanges: [], queues: [queue('q', { 'x-queue-type': 'classic' })], bindings: [] };
    const there = applied(NO_VHOST, planChanges({ ...declared, queues: [queue('q')] }, NO_VHOST, 'acme'));
    expect(planChanges(declared, there, 'acme').steps).toEqual([]);
    // Where quorum is the default of the vhost, a queue that says nothing became one.
    const [first] = there.queues;
    const quorum = {
      ...there,
      defaultQueueType: 'quorum',
      queues: first ? [{ ...first, type: 'quorum' }] : [],
    };
    expect(planChanges({ ...declared, queues: [queue('q')] }, quorum, 'acme').steps).toEqual([]);
    expect(planChanges(declared, quorum, 'acme').steps).toHaveLength(1);
  });

  it('leaves alone what is not declared, and lists it without what brokers and connections have by themselves', () => {
    const topology = { exchanges: [exchange('in')], queues: [queue('q')], bindings: [] };
    const there = applied(NO_VHOST, planChanges(topology, NO_VHOST, 'acme'));
    there.exchanges.push(exchange('theirs'));
    there.queues.push({ ...queue('other'), type: 'classic', exclusive: false });
    there.queues.push({ ...queue('reply'), type: 'classic', exclusive: true });
    there.bindings.push(
      { ...binding('in', 'other', 'x'), key: 'x' },
      { ...binding('in', 'reply', 'y'), key: 'y' },
      { ...binding('in', 'amq.gen-1', 'z'), key: 'z' },
    );
    expect(planChanges(topology, there, 'acme')).toEqual({
      steps: [],
      leftovers: [],
      unmanaged: { exchanges: ['theirs'], queues: ['other'], bindings: ['in → other (x)'] },
    });
  });

  it('changes through a policy what a policy can change, on top of the one that holds', () => {
    const policies = [
      { name: 'all', pattern: '^q', 'apply-to': 'queues' as const, priority: 3, definition: { expires: 9 } },
    ];
    const before = { queues: [queue('q.1', { 'x-max-length': 10 })], policies };
    const there = applied(NO_VHOST, planChanges(before, NO_VHOST, 'acme'));
    const now = {
      queues: [queue('q.1', { 'x-max-length': 5, 'x-dead-letter-exchange': '' })],
      policies,
    };
    const plan = planChanges(now, there, 'acme');
    expect(plan.steps).toMatchObject([
      {
        change: { kind: 'queue', name: 'q.1', reason: 'through a policy' },
        target: {
          kind: 'policy',
          policy: {
            name: 'qbtc.queue.q.1',
            pattern: '^q\\.1$',
            priority: 4,
            definition: { expires: 9, 'max-length': 5, 'dead-letter-exchange': '' },
          },
        },
      },
    ]);
    const after = applied(there, plan);
    expect(planChanges(now, after, 'acme').steps).toEqual([]);
    // Back to what the queue itself says: the policy is needed no longer.
    expect(planChanges(before, after, 'acme').steps).toMatchObject([
      { change: { action: 'delete', kind: 'policy', name: 'qbtc.queue.q.1' } },
    ]);
  });

  it('needs a migration where the queue says more than a policy could take away', () => {
    const there = applied(
      NO_VHOST,
      planChanges({ queues: [queue('q', { 'x-max-length': 10, 'x-overflow': 'drop-head' })] }, NO_VHOST, 'v'),
    );
    for (const args of [
      { 'x-max-length': 20, 'x-overflow': 'drop-head' },
      { 'x-overflow': 'drop-head' },
      { 'x-max-length': 10, 'x-overflow': 'reject-publish' },
      { 'x-max-length': 10, 'x-overflow': 'drop-head', 'x-max-priority': 3 },
    ]) {
      expect(planChanges({ queues: [queue('q', args)] }, there, 'v').steps).toMatchObject([
        { change: { reason: 'needs migration' } },
      ]);
    }
  });

  it('takes away only what is ours, bindings first, and only when it is asked to', () => {
    const all = {
      exchanges: [exchange('in'), exchange('old')],
      queues: [queue('q'), queue('gone'), queue('theirs')],
      bindings: [binding('in', 'q', 'a'), binding('in', 'q', 'b'), binding('in', 'gone', 'c')],
    };
    const there = applied(NO_VHOST, planChanges(all, NO_VHOST, 'v'));
    const topology = {
      ...EMPTY_TOPOLOGY,
      exchanges: [exchange('in')],
      queues: [queue('q')],
      bindings: [binding('in', 'q', 'a')],
    };
    const pruning = { isOurs: (each: string) => !each.includes('theirs'), drop: [] };
    const plan = (prune: boolean) =>
      planAll({ topology, accounts: [] }, there, { vhost: 'v', pruning, prune });
    expect(plan(false).steps).toEqual([]);
    expect(plan(false).leftovers.map(({ kind, name: each }) => `${kind} ${each}`)).toEqual([
      'binding in → q (b)',
      'queue gone',
      'exchange old',
    ]);
    expect(plan(false).unmanaged.queues).toEqual(['theirs']);
    expect(plan(true).steps.map(({ target }) => target)).toMatchObject([
      { kind: 'binding-gone' },
      { kind: 'queue-gone', name: 'gone', unlessUsed: true },
      { kind: 'exchange-gone', name: 'old' },
    ]);
  });

  it('gives accounts their password and rights, and never shows a password', () => {
    const account = { user: 'acme.api', password: 'pass-word', configure: '', write: 'w', read: 'r' };
    const look = (accounts: ObservedTopology['accounts']) =>
      planAll(
        { topology: EMPTY_TOPOLOGY, accounts: [account] },
        { ...NO_VHOST, vhostExists: true, accounts },
        { vhost: 'v' },
      ).steps;
    const { password: _, user, ...permission } = account;
    expect(look([])).toMatchObject([{ change: { action: 'create', kind: 'user', name: user } }]);
    expect(look([{ user, passwordHash: passwordHash('pass-word'), permission }])).toEqual([]);
    const changed = look([
      { user, passwordHash: passwordHash('other'), permission: { ...permission, read: '.*' } },
    ]);
    expect(changed[0]?.change.fields?.map(({ path }) => path)).toEqual(['password', 'read']);
    expect(JSON.stringify(changed[0]?.change)).not.toContain('pass-word');
  });
});
