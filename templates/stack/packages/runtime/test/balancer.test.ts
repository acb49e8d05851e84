import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BALANCERS, type Candidate, createBalancer } from '../src/balancer.ts';

const three: Candidate[] = [
  { instance: 'a', weight: 1 },
  { instance: 'b', weight: 1 },
  { instance: 'c', weight: 1 },
];

describe('balancers', () => {
  it.each(BALANCERS)('%s gives one of the candidates, and nothing when there are none', (name) => {
    const balancer = createBalancer(name);
    expect(balancer.pick([])).toBeUndefined();
    for (let i = 0; i < 20; i += 1) expect(three).toContain(balancer.pick(three));
  });

  it('round robin takes turns, also when somebody comes or goes', () => {
    const { pick } = createBalancer('round-robin');
    const names = (candidates: Candidate[], times: number) =>
      Array.from({ length: times }, () => pick(candidates)?.instance);
    expect(names(three, 4)).toEqual(['a', 'b', 'c', 'a']);
    expect(names(three.slice(1), 2)).toEqual(['b', 'c']);
    expect(names([...three, { instance: 'd', weight: 1 }], 2)).toEqual(['d', 'a']);
  });

  it('least connections takes whoever has the fewest for their weight', () => {
    const { pick } = createBalancer('least-connections');
    const load: Record<string, number> = { a: 3, b: 1, c: 2 };
    const inFlight = (instance: string) => load[instance] ?? 0;
    expect(pick(three, { inFlight })?.instance).toBe('b');
    const heavy = [{ instance: 'a', weight: 10 }, ...three.slice(1)];
    expect(pick(heavy, { inFlight })?.instance).toBe('a');
  });

  it('weighted is smooth, as nginx’s own example has it', () => {
    const { pick } = createBalancer('weighted');
    const candidates = [
      { instance: 'a', weight: 5 },
      { instance: 'b', weight: 1 },
      { instance: 'c', weight: 1 },
    ];
    expect(Array.from({ length: 7 }, () => pick(candidates)?.instance).join(' ')).toBe('a a b a c a a');
  });

  it('random follows its source of chance', () => {
    const values = [0, 0.5, 0.999];
    const { pick } = createBalancer('random', () => values.shift() ?? 0);
    expect([pick(three), pick(three), pick(three)].map((each) => each?.instance)).toEqual(['a', 'b', 'c']);
  });

  it('consistent hash moves only the keys of whoever goes, and keeps to the weights', () => {
    const { pick } = createBalancer('consistent-hash');
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('a', 'b', 'c'), (key, gone) => {
        const before = pick(three, { key })?.instance;
        const after = pick(
          three.filter(({ instance }) => instance !== gone),
          { key },
        )?.instance;
        if (before !== gone) expect(after).toBe(before);
      }),
    );
    const uneven = [
      { instance: 'a', weight: 3 },
      { instance: 'b', weight: 1 },
    ];
    const keys = Array.from({ length: 4000 }, (_, i) => `key ${i}`);
    const share = keys.filter((key) => pick(uneven, { key })?.instance === 'a').length / keys.length;
    expect(share).toBeGreaterThan(0.7);
    expect(share).toBeLessThan(0.8);
  });
});
