/** Random choices that follow from a seed. */
export interface Random {
  /** From 0 to below `most`. */
  below(most: number): number;
  /** True once in so many times, on average. */
  oneIn(times: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
}

/** mulberry32, by Tommy Ettinger: 32 bits of state, which is plenty for test data. */
export function randomFrom(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (most: number) => next() % most;
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  };
}
