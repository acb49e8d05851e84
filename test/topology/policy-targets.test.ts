import { describe, expect, test } from 'vitest';
import { readPolicy } from '../../src/embedded/broker/management/policies.ts';
import { Policies } from '../../src/embedded/broker/virtual-host/policies.ts';
import { POLICY_TARGETS, type PolicyTarget } from '../../src/model/topology.ts';
import { overridingPolicy } from '../../src/topology/plan/override.ts';
import { parseTopology } from '../../src/topology/read.ts';

/** All that RabbitMQ takes: the first three ever, the types of queues since 3.12 (RabbitMQ, "Policies"). */
describe('a policy may hold for', () => {
  test.each(POLICY_TARGETS)('%s, in the topology file and at the management API', (target) => {
    const { mistakes, topology } = parseTopology(
      `policies: [{name: p, pattern: "^q", apply-to: ${target}, definition: {max-length: 5}}]`,
    );
    expect(mistakes).toEqual([]);
    expect(topology.policies[0]?.['apply-to']).toBe(target);
    const body = { pattern: '^q', definition: { 'max-length': 5 }, 'apply-to': target };
    expect(readPolicy('p', body).applyTo).toBe(target);
  });

  test('nothing else', () => {
    expect(() => readPolicy('p', { pattern: '', definition: {}, 'apply-to': 'quorum' })).toThrow();
    expect(
      parseTopology('policies: [{name: p, pattern: x, apply-to: quorum, definition: {}}]').mistakes,
    ).not.toEqual([]);
  });

  test.each<[PolicyTarget, string, boolean]>([
    ['queues', 'quorum', true],
    ['all', 'classic', true],
    ['quorum_queues', 'quorum', true],
    ['quorum_queues', 'classic', false],
    ['classic_queues', 'classic', true],
    ['classic_queues', 'quorum', false],
    ['streams', 'classic', false],
    ['exchanges', 'quorum', false],
  ])('%s is for a %s queue: %s', (target, type, holds) => {
    const policies = new Policies();
    policies.put({ name: 'p', pattern: '^q', applyTo: target, priority: 3, definition: { 'max-length': 5 } });
    expect(policies.ofQueue('q', type as 'classic') !== undefined).toBe(holds);
    const policy = {
      name: 'p',
      pattern: '^q',
      'apply-to': target,
      priority: 3,
      definition: { 'max-length': 5 },
    };
    expect(overridingPolicy('queues', 'q', {}, [policy], type).priority).toBe(holds ? 4 : 1);
  });
});
