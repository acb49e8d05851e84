import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Topology } from '../../src/model/topology.ts';
import { NO_VHOST, type ObservedTopology } from '../../src/topology/observed.ts';
import { planChanges, type TopologyPlan } from '../../src/topology/plan.ts';
import { checkRules } from '../../src/topology/rules.ts';

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

/** The vhost after the plan, with all that RabbitMQ adds by itself. */
function applied(observed: ObservedTopology, { steps }: TopologyPlan): ObservedTopology {
  const next = structuredClone(observed);
  for (const { target, change } of steps) {
    if (change.blocked !== undefined) continue;
    if (target.kind === 'vhost') {
      next.vhostExists = true;
      next.exchanges.push(exchange(''), exchange('amq.topic'), exchange('amq.direct', 'direct'));
    } else if (target.kind === 'exchange') next.exchanges.push(target.exchange);
    else if (target.kind === 'binding') next.bindings.push(target.binding);
    else {
      const { 'x-queue-type': type = next.defaultQueueType, ...args } = target.queue.arguments;
      next.queues.push({ ...target.queue, arguments: args, type: String(type), exclusive: false });
      next.bindings.push(binding('', target.queue.name, target.queue.name));
    }
  }
  return next;
}

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
        fc.pre(checkRules(before).length + checkRules(now).length === 0);
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
            expect(step.change.action).not.toBe('delete');
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
    expect(steps[1]?.change.blocked).toContain('`DELETE /api/queues/acme/q`, then run `qbtc topology apply`');
    expect(steps[1]?.change.blocked).not.toContain('topology migrate');
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
      binding('in', 'other', 'x'),
      binding('in', 'reply', 'y'),
      binding('in', 'amq.gen-1', 'z'),
    );
    expect(planChanges(topology, there, 'acme')).toEqual({
      steps: [],
      unmanaged: { exchanges: ['theirs'], queues: ['other'], bindings: ['in → other (x)'] },
    });
  });
});
