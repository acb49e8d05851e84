import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryOut } from '../../src/reconcile/carry-out.ts';
import type { Step } from '../../src/reconcile/step.ts';

const step = (id: string, needs: string[] = [], blocked?: string): Step<string> => ({
  id,
  needs,
  target: id,
  change: { action: 'create', kind: 'thing', name: id, ...(blocked === undefined ? {} : { blocked }) },
});

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('carryOut', () => {
  it('starts a step only after those that it needs, with no more in flight than allowed, each once', async () => {
    const graph = fc.integer({ min: 1, max: 30 }).chain((size) =>
      fc.tuple(
        ...Array.from({ length: size }, (_, index) =>
          fc.record({
            needs:
              index === 0 ? fc.constant<number[]>([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }),
            fails: fc.boolean(),
            ticks: fc.nat(3),
          }),
        ),
      ),
    );
    await fc.assert(
      fc.asyncProperty(graph, fc.integer({ min: 1, max: 5 }), async (nodes, concurrency) => {
        const steps = nodes.map((node, index) => step(String(index), node.needs.map(String)));
        const done = new Set<string>();
        const started: string[] = [];
        let inFlight = 0;
        const outcomes = await carryOut(
          steps,
          async ({ id, needs }) => {
            started.push(id);
            inFlight += 1;
            expect(inFlight).toBeLessThanOrEqual(concurrency);
            for (const need of needs) expect(done).toContain(need);
            const node = nodes[Number(id)];
            for (let tickNumber = 0; tickNumber <= (node?.ticks ?? 0); tickNumber += 1) await tick();
            inFlight -= 1;
            if (node?.fails) throw new Error('refused');
            done.add(id);
          },
          { concurrency },
        );
        expect(new Set(started).size).toBe(started.length);
        expect(outcomes.map((outcome) => outcome.change.name)).toEqual(steps.map(({ id }) => id));
        for (const [index, outcome] of outcomes.entries()) {
          const needed = nodes[index]?.needs ?? [];
          const held = needed.some((need) => outcomes[need]?.status !== 'done');
          const expected = held ? 'skipped' : nodes[index]?.fails ? 'failed' : 'done';
          expect(outcome.status).toBe(expected);
        }
      }),
    );
  });

  it('fails a blocked step with its reason and skips what needs it', async () => {
    const outcomes = await carryOut(
      [step('a', [], 'not ours'), step('b', ['a']), step('c')],
      async () => {},
      {
        concurrency: 2,
      },
    );
    expect(outcomes.map(({ status, reason }) => [status, reason])).toEqual([
      ['failed', 'not ours'],
      ['skipped', 'thing a failed'],
      ['done', undefined],
    ]);
  });

  it('stops after a final error, and when it is interrupted', async () => {
    const gone = await carryOut(
      [step('a'), step('b'), step('c')],
      async () => {
        throw new Error('gone');
      },
      { concurrency: 1, isFinal: () => true },
    );
    expect(gone.map((outcome) => outcome.status)).toEqual(['failed', 'skipped', 'skipped']);
    expect(gone[2]?.reason).toBe('gone');

    const controller = new AbortController();
    const interrupted = await carryOut([step('a'), step('b')], async () => controller.abort(), {
      concurrency: 1,
      signal: controller.signal,
    });
    expect(interrupted.map(({ status, reason }) => [status, reason])).toEqual([
      ['done', undefined],
      ['skipped', 'interrupted'],
    ]);
  });
});
