import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timingOf } from '../../src/lifecycle/timing.ts';
import type { StepTime } from '../../src/model/lifecycle.ts';

describe('timingOf', () => {
  test('follows the one that was waited for longest', () => {
    const steps: StepTime[] = [
      { name: 'cache', startMs: 0, endMs: 100, after: [] },
      { name: 'broker', startMs: 0, endMs: 900, after: [] },
      { name: 'topology', startMs: 900, endMs: 1000, after: ['broker'] },
      { name: 'api', startMs: 1000, endMs: 1500, after: ['cache', 'topology'] },
      { name: 'other', startMs: 0, endMs: 1400, after: [] },
    ];
    expect(timingOf(steps).critical).toEqual(['broker', 'topology', 'api']);
  });

  test('of nothing is nothing', () => {
    expect(timingOf([])).toEqual({ steps: [], critical: [] });
  });

  test('every link of the chain waited for the one before, and the last ended last', () => {
    const graph = fc
      .array(fc.record({ length: fc.nat(50), after: fc.array(fc.nat(20), { maxLength: 3 }) }), {
        maxLength: 12,
      })
      .map((drawn) => {
        const steps: StepTime[] = [];
        for (const [index, { length, after }] of drawn.entries()) {
          const needed = [...new Set(after.filter((each) => each < index))].map((each) => steps[each]);
          const startMs = Math.max(0, ...needed.map((step) => step?.endMs ?? 0));
          steps.push({
            name: `s${index}`,
            startMs,
            endMs: startMs + length,
            after: needed.flatMap((step) => step?.name ?? []),
          });
        }
        return steps;
      });
    fc.assert(
      fc.property(graph, (steps) => {
        const { critical } = timingOf(steps);
        const find = (name: string | undefined) => steps.find((step) => step.name === name);
        expect(find(critical.at(-1))?.endMs ?? 0).toBe(Math.max(0, ...steps.map(({ endMs }) => endMs)));
        expect(find(critical[0])?.startMs ?? 0).toBe(0);
        for (const [index, name] of critical.entries()) {
          const next = find(critical[index + 1]);
          if (next === undefined) continue;
          expect(next.after).toContain(name);
          expect(next.startMs).toBe(find(name)?.endMs);
        }
      }),
    );
  });
});
