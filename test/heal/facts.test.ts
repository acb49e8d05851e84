import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diagnose } from '../../src/heal/diagnose.ts';
import { planRepairs } from '../../src/heal/plan.ts';
import type { HealthProblem, ResourceObservation } from '../../src/model/observation.ts';
import type { Change } from '../../src/model/plan.ts';
import { snapshot } from '../score/world.ts';
import { chained, world } from './world.ts';

/** What of an observation is said for people. Empty stands for "nothing to say" and stays. */
const TEXTS = new Set(['reason', 'found', 'evidence', 'blocked', 'why', 'firstBroken', 'untried', 'cost']);

function scrambled(value: unknown, isText = false): unknown {
  if (typeof value === 'string') return isText && value !== '' ? `~${[...value].length}~` : value;
  if (Array.isArray(value)) return value.map((each) => scrambled(each, isText));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, scrambled(each, TEXTS.has(key))]),
  );
}

const PROBLEMS: HealthProblem[] = ['silent', 'stranger', 'other-name', 'status', 'page'];
/** Sentences that behaviour has hung on before. */
const texts = fc.constantFrom(
  'password authentication failed',
  '/health answers 503',
  'needs migration',
  'exited with code 137',
  'stopped',
  'ACCESS_REFUSED',
);
const part = (name: string, kind: ResourceObservation['kind']): fc.Arbitrary<ResourceObservation> =>
  fc
    .record({
      state: fc.constantFrom<ResourceObservation['state'][]>(
        'active',
        'starting',
        'unhealthy',
        'crashed',
        'stopped',
      ),
      provider: fc.constantFrom<ResourceObservation['provider'][]>('embedded', 'docker', 'external'),
      reason: texts,
      pid: fc.option(fc.constant(42), { nil: undefined }),
      restarts: fc.nat(3),
      problem: fc.option(
        fc.record({
          kind: fc.constantFrom(...PROBLEMS),
          status: fc.constantFrom(401, 404, 500, 503),
        }),
        { nil: undefined },
      ),
      refused: fc.boolean(),
    })
    .map(({ problem, refused, ...rest }) => ({
      name,
      kind,
      ports: [1],
      health: { measured: false, reason: rest.reason },
      ...rest,
      ...(problem === undefined
        ? {}
        : { problem: refused ? { ...problem, credentialRefused: true as const } : problem }),
    }));
const change = (kind: string): fc.Arbitrary<Change> =>
  fc
    .record({ reason: texts, blocked: fc.option(texts, { nil: undefined }), migrates: fc.boolean() })
    .map(({ reason, blocked, migrates }) => ({
      action: 'update',
      kind,
      name: 'q',
      reason,
      ...(blocked === undefined ? {} : { blocked }),
      ...(migrates && kind === 'queue' ? { needsMigration: true as const } : {}),
    }));
const observed = fc
  .record({
    resources: fc.tuple(
      part('broker', 'rabbitmq'),
      part('cache', 'redis'),
      part('gateway', 'apisix'),
      part('llm-api', 'service'),
      part('quantum-core', 'service'),
    ),
    topology: fc.array(change('queue'), { maxLength: 2 }),
    routes: fc.array(change('route'), { maxLength: 2 }),
  })
  .map(({ resources, topology, routes }) =>
    snapshot({
      resources,
      topologyPlan: { measured: true, value: topology },
      routePlan: { measured: true, value: routes },
    }),
  );

test('what is wrong and what is done about it hangs on facts: all sentences may be others', () => {
  const decided = (seen: ReturnType<typeof snapshot>) => {
    const around = world(seen);
    const problems = diagnose(around, chained());
    const repairs = planRepairs(problems, around, chained(), { attempts: {}, now: 0, random: 0 });
    return {
      problems: problems.map(({ reason: _, ...facts }) => facts),
      repairs: repairs.map(({ problem, blocked, ...facts }) => ({
        ...facts,
        subject: problem.subject,
        isBlocked: blocked !== undefined,
      })),
      fixes: around.score.components.flatMap(({ checks }) =>
        checks.map(({ code, subject, status, fix }) => [code, subject, status, fix?.cause, fix?.command]),
      ),
    };
  };
  fc.assert(
    fc.property(observed, (seen) => {
      expect(decided(scrambled(seen) as typeof seen)).toEqual(decided(seen));
    }),
  );
});
