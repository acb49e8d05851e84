import fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import {
  type ComplexVector,
  coherence,
  DIMENSION,
  densityMatrix,
  entropy,
  fidelity,
  metricsOf,
  normalise,
  purity,
  type State,
  stateOf,
} from '../src/state.ts';

const at = (...parts: [place: number, re: number, im?: number][]): ComplexVector => {
  const re = new Float64Array(DIMENSION);
  const im = new Float64Array(DIMENSION);
  for (const [place, real, imaginary = 0] of parts) {
    re[place] = real;
    im[place] = imaginary;
  }
  return { re, im };
};
const h = Math.SQRT1_2;
const first = at([0, 1]);
const second = at([1, 1]);
const pure = (vector: ComplexVector): State => ({ vectors: [vector], probabilities: [1] });
const mixed = (...vectors: ComplexVector[]): State => ({
  vectors,
  probabilities: vectors.map(() => 1 / vectors.length),
});

describe('states computed by hand', () => {
  it('a basis state is pure, without entropy and coherence', () => {
    expect(metricsOf(pure(first))).toEqual({ coherence: 0, purity: 1, entropy: 0 });
  });

  it('an equal superposition of two is pure, and of coherence 1', () => {
    // ρ = ½ [[1, 1], [1, 1]]: off the diagonal ½ + ½.
    const { coherence: c, purity: p, entropy: s } = metricsOf(pure(at([0, h], [1, h])));
    expect(c).toBeCloseTo(1, 12);
    expect(p).toBeCloseTo(1, 12);
    expect(s).toBeCloseTo(0, 12);
    // A phase changes nothing of it: ρ₀₁ = −i/2.
    expect(coherence(pure(at([0, h], [1, 0, h])))).toBeCloseTo(1, 12);
  });

  it('an equal superposition of all 26 has the greatest coherence, 25', () => {
    const all = at(
      ...Array.from({ length: DIMENSION }, (_, k): [number, number] => [k, 1 / Math.sqrt(DIMENSION)]),
    );
    expect(coherence(pure(all))).toBeCloseTo(25, 10);
  });

  it('an equal mixture of two basis states has one bit of entropy, purity ½ and no coherence', () => {
    const state = mixed(first, second);
    expect(purity(state)).toBeCloseTo(0.5, 12);
    expect(entropy(state)).toBeCloseTo(1, 12);
    expect(coherence(state)).toBe(0);
  });

  it('a mixture of |0⟩ and |+⟩ has the eigenvalues ½ ± √2/4', () => {
    const state = mixed(first, at([0, h], [1, h]));
    const [a, b] = [0.5 + Math.SQRT2 / 4, 0.5 - Math.SQRT2 / 4];
    expect(entropy(state)).toBeCloseTo(-a * Math.log2(a) - b * Math.log2(b), 10);
    expect(purity(state)).toBeCloseTo(0.75, 12);
    // ρ = [[¾, ¼], [¼, ¼]]
    expect(coherence(state)).toBeCloseTo(0.5, 12);
  });

  it('of which nothing is known is maximally mixed', () => {
    const nothing = stateOf([]);
    expect(purity(nothing)).toBeCloseTo(1 / 26, 12);
    expect(entropy(nothing)).toBeCloseTo(Math.log2(26), 12);
    expect(coherence(nothing)).toBe(0);
    expect(fidelity(nothing, nothing)).toBeCloseTo(1, 10);
    expect(fidelity(nothing, pure(first))).toBeCloseTo(1 / 26, 10);
  });

  it('the fidelity of pure states is |⟨a|b⟩|², and of commuting mixtures the classical one', () => {
    expect(fidelity(pure(first), pure(second))).toBeCloseTo(0, 12);
    expect(fidelity(pure(first), pure(at([0, h], [1, 0, h])))).toBeCloseTo(0.5, 12);
    const a: State = { vectors: [first, second], probabilities: [0.9, 0.1] };
    const b: State = { vectors: [first, second], probabilities: [0.5, 0.5] };
    expect(fidelity(a, b)).toBeCloseTo((Math.sqrt(0.45) + Math.sqrt(0.05)) ** 2, 10);
  });

  it('weighs each turn half as much as the one a half-life later', () => {
    expect(stateOf([first, second], 1).probabilities).toEqual([1 / 3, 2 / 3]);
    expect(stateOf([first, second, first], 2).probabilities[0]).toBeCloseTo(0.5 / (0.5 + h + 1), 12);
  });

  it('normalises, and says that the zero vector has no direction', () => {
    expect(normalise(at([3, 3], [4, 0, 4]))).toEqual(at([3, 0.6], [4, 0, 0.8]));
    expect(normalise(at())).toBeUndefined();
  });
});

const vector = fc
  .record({
    re: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: DIMENSION, maxLength: DIMENSION }),
    im: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: DIMENSION, maxLength: DIMENSION }),
  })
  .map((raw) => normalise(raw) ?? first);
const state = fc.array(vector, { minLength: 1, maxLength: 4 }).map((turns) => stateOf(turns));

/** [[A, −B], [B, A]] of a Hermitian A + iB. */
function embedded({ re, im }: { re: number[][]; im: number[][] }): Matrix {
  return new Matrix([
    ...re.map((row, i) => [...row, ...(im[i] ?? []).map((x) => -x)]),
    ...im.map((row, i) => [...row, ...(re[i] ?? [])]),
  ]);
}

function root(matrix: Matrix): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(0, value))));
  return eigenvectorMatrix.mmul(roots).mmul(eigenvectorMatrix.transpose());
}

describe('any state', () => {
  it('has the entropy and purity that its density matrix has by the definitions', () => {
    fc.assert(
      fc.property(state, (any) => {
        const rho = embedded(densityMatrix(any));
        const { realEigenvalues } = new EigenvalueDecomposition(rho, { assumeSymmetric: true });
        const half = realEigenvalues.toSorted((a, b) => a - b).filter((_, index) => index % 2 === 0);
        expect(half.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
        expect(entropy(any)).toBeCloseTo(
          half.reduce((sum, value) => sum - (value > 1e-12 ? value * Math.log2(value) : 0), 0),
          6,
        );
        expect(purity(any)).toBeCloseTo(rho.mmul(rho).trace() / 2, 9);
        expect(metricsOf(any)).toEqual({
          coherence: coherence(any),
          purity: purity(any),
          entropy: entropy(any),
        });
        const { re, im } = densityMatrix(any);
        const off = re.flatMap((row, i) => row.map((x, j) => (i === j ? 0 : Math.hypot(x, im[i]?.[j] ?? 0))));
        expect(coherence(any)).toBeCloseTo(
          off.reduce((sum, value) => sum + value, 0),
          9,
        );
      }),
      { numRuns: 15 },
    );
  });

  it('has the fidelity of the definition, the same both ways, and 1 to itself', () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        const [rho, sigma] = [embedded(densityMatrix(a)), embedded(densityMatrix(b))];
        const inner = root(root(rho).mmul(sigma).mmul(root(rho)));
        expect(fidelity(a, b)).toBeCloseTo((inner.trace() / 2) ** 2, 5);
        expect(fidelity(a, b)).toBeCloseTo(fidelity(b, a), 8);
        expect(fidelity(a, a)).toBeCloseTo(1, 8);
      }),
      { numRuns: 10 },
    );
  });
});
