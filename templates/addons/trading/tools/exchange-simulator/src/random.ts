import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Random numbers that follow from a seed. */
export interface Random {
  /** From 0 to below 1. */
  uniform(): number;
  /** Mean 0, deviation 1. */
  normal(): number;
}

export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  return {
    uniform,
    // Box and Muller, "A Note on the Generation of Random Normal Deviates", Ann. Math. Stat. 29 (1958).
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
