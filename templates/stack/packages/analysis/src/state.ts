import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';

/** The dimension of every state. */
export const DIMENSION = 26;

/** A vector of `DIMENSION` complex numbers, of length 1 where it stands for a state. */
export interface ComplexVector {
  re: readonly number[];
  im: readonly number[];
}

/**
 * A mixed state: vectors with the probabilities of being in them, which add up to 1. Its density matrix is
 * ρ = Σ pᵢ |ψᵢ⟩⟨ψᵢ|. Without any vector nothing is known, and ρ is the maximally mixed state I/26.
 */
export interface State {
  vectors: readonly ComplexVector[];
  probabilities: readonly number[];
}

/** What a state says of itself. */
export interface StateMetrics {
  /** l1-norm of coherence, from 0 (no two dimensions are related) to 25. */
  coherence: number;
  /** Tr ρ², from 1/26 (nothing is known) to 1 (all turns say the same). */
  purity: number;
  /** Von Neumann entropy in bits, from 0 to log₂ 26 = 4.70. */
  entropy: number;
}

/** The vector in the same direction whose length is 1. `undefined` for the zero vector. */
export function normalise({ re, im }: ComplexVector): ComplexVector | undefined {
  const length = Math.sqrt(sum(re, (x) => x * x) + sum(im, (x) => x * x));
  if (!(length > 0) || !Number.isFinite(length)) return undefined;
  return { re: re.map((x) => x / length), im: im.map((x) => x / length) };
}

/**
 * The state of a sequence of turns, oldest first: each turn counts half as much as one that came `halfLife` turns later.
 */
export function stateOf(turns: readonly ComplexVector[], halfLife = 4): State {
  const weights = turns.map((_, index) => 2 ** (-(turns.length - 1 - index) / halfLife));
  const total = sum(weights, (weight) => weight);
  return { vectors: turns, probabilities: weights.map((weight) => weight / total) };
}

/** Coherence, purity and entropy of the state. */
export function metricsOf(state: State): StateMetrics {
  return { coherence: coherence(state), purity: purity(state), entropy: entropy(state) };
}

/**
 * The l1-norm of coherence, Σ over i ≠ j of |ρᵢⱼ|: Baumgratz, Cramer and Plenio, "Quantifying Coherence",
 * Phys. Rev. Lett. 113, 140401 (2014), equation 6.
 */
export function coherence({ vectors, probabilities }: State): number {
  // Most texts have few words: what no vector touches is 0 in ρ.
  const touched: number[] = [];
  for (let k = 0; k < DIMENSION; k += 1)
    if (vectors.some(({ re, im }) => re[k] !== 0 || im[k] !== 0)) touched.push(k);
  let total = 0;
  for (let place = 0; place < touched.length; place += 1) {
    const i = touched[place] as number;
    for (let other = place + 1; other < touched.length; other += 1) {
      const j = touched[other] as number;
      let re = 0;
      let im = 0;
      for (let turn = 0; turn < vectors.length; turn += 1) {
        const vector = vectors[turn] as ComplexVector;
        const p = probabilities[turn] ?? 0;
        const a = vector.re[i] ?? 0;
        const b = vector.im[i] ?? 0;
        const c = vector.re[j] ?? 0;
        const d = vector.im[j] ?? 0;
        re += p * (a * c + b * d);
        im += p * (b * c - a * d);
      }
      total += Math.sqrt(re * re + im * im);
    }
  }
  // ρ is Hermitian: each element stands once above the diagonal and once below it.
  return 2 * total;
}

/**
 * Tr ρ² = Σ pᵢ pⱼ |⟨ψᵢ|ψⱼ⟩|²: Nielsen and Chuang, "Quantum Computation and Quantum Information" (2010), exercise 2.71.
 */
export function purity({ vectors, probabilities }: State): number {
  if (vectors.length === 0) return 1 / DIMENSION;
  let total = 0;
  vectors.forEach((a, i) => {
    // |⟨a|b⟩| is |⟨b|a⟩|: each pair once, and twice what it gives.
    for (let j = 0; j <= i; j += 1) {
      const { re, im } = innerProduct(a, vectors[j] as ComplexVector);
      const weight = (probabilities[i] ?? 0) * (probabilities[j] ?? 0);
      total += (i === j ? 1 : 2) * weight * (re * re + im * im);
    }
  });
  return Math.min(1, total);
}

/**
 * The von Neumann entropy −Tr ρ log₂ ρ (Nielsen and Chuang, equation 11.40). The eigenvalues of ρ other than 0 are those
 * of the Gram matrix √(pᵢpⱼ) ⟨ψᵢ|ψⱼ⟩, which is as large as there are turns.
 */
export function entropy(state: State): number {
  if (state.vectors.length === 0) return Math.log2(DIMENSION);
  return Math.max(
    0,
    sum(eigenvalues(gram(state, state)), (value) => (value > 1e-15 ? -value * Math.log2(value) : 0)),
  );
}

/**
 * How much two states are alike, from 0 to 1: the fidelity (Tr √(√ρ σ √ρ))² of Jozsa, "Fidelity for Mixed Quantum
 * States", J. Mod. Opt. 41, 2315 (1994). With ρ = XX† and σ = YY† it is the square of the sum of the singular values of
 * X†Y (Nielsen and Chuang, section 9.2.2, by Uhlmann's theorem).
 */
export function fidelity(a: State, b: State): number {
  const { re, im } = gram(known(a), known(b));
  // The singular values of a complex matrix A + iB are those of [[A, −B], [B, A]], each twice.
  const { diagonal } = new SingularValueDecomposition(real(re, im), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  return Math.min(1, (sum(diagonal, (value) => value) / 2) ** 2);
}

/** ρ itself, row by row. */
export function densityMatrix(state: State): { re: number[][]; im: number[][] } {
  const re = Array.from({ length: DIMENSION }, () => new Array<number>(DIMENSION).fill(0));
  const im = Array.from({ length: DIMENSION }, () => new Array<number>(DIMENSION).fill(0));
  const { vectors, probabilities } = known(state);
  vectors.forEach((vector, turn) => {
    const p = probabilities[turn] ?? 0;
    for (let i = 0; i < DIMENSION; i += 1) {
      const [a, b] = [vector.re[i] ?? 0, vector.im[i] ?? 0];
      if (a === 0 && b === 0) continue;
      const [rowRe = [], rowIm = []] = [re[i], im[i]];
      for (let j = 0; j < DIMENSION; j += 1) {
        const [c, d] = [vector.re[j] ?? 0, -(vector.im[j] ?? 0)];
        rowRe[j] = (rowRe[j] ?? 0) + p * (a * c - b * d);
        rowIm[j] = (rowIm[j] ?? 0) + p * (a * d + b * c);
      }
    }
  });
  return { re, im };
}

/** The maximally mixed state, spelled out, for one of which nothing is known. */
function known(state: State): State {
  if (state.vectors.length > 0) return state;
  const vectors = Array.from({ length: DIMENSION }, (_, place) => ({
    re: Array.from({ length: DIMENSION }, (_, index) => (index === place ? 1 : 0)),
    im: new Array<number>(DIMENSION).fill(0),
  }));
  return { vectors, probabilities: vectors.map(() => 1 / DIMENSION) };
}

/** √(pᵢqⱼ) ⟨aᵢ|bⱼ⟩ for the vectors of both states. */
function gram(a: State, b: State): { re: number[][]; im: number[][] } {
  const products = a.vectors.map((left, i) =>
    b.vectors.map((right, j) => {
      const weight = Math.sqrt((a.probabilities[i] ?? 0) * (b.probabilities[j] ?? 0));
      const { re, im } = innerProduct(left, right);
      return { re: weight * re, im: weight * im };
    }),
  );
  return {
    re: products.map((row) => row.map(({ re }) => re)),
    im: products.map((row) => row.map(({ im }) => im)),
  };
}

/** Of a Hermitian matrix A + iB; those of the real symmetric [[A, −B], [B, A]] are the same, each twice. */
function eigenvalues({ re, im }: { re: number[][]; im: number[][] }): number[] {
  const [[a = 0, c = 0] = [], [, b = 0] = []] = re;
  if (re.length === 1) return [a];
  // A question and its answer, which most conversations are: (a + b)/2 ± √(((a − b)/2)² + |c|²).
  if (re.length === 2) {
    const spread = Math.hypot((a - b) / 2, c, im[0]?.[1] ?? 0);
    return [(a + b) / 2 - spread, (a + b) / 2 + spread];
  }
  const { realEigenvalues } = new EigenvalueDecomposition(real(re, im), { assumeSymmetric: true });
  return realEigenvalues.toSorted((a, b) => a - b).filter((_, index) => index % 2 === 0);
}

function real(re: number[][], im: number[][]): Matrix {
  return new Matrix([
    ...re.map((row, i) => [...row, ...(im[i] ?? []).map((value) => -value)]),
    ...im.map((row, i) => [...row, ...(re[i] ?? [])]),
  ]);
}

/** ⟨a|b⟩, with the complex conjugate of a. */
function innerProduct(a: ComplexVector, b: ComplexVector): { re: number; im: number } {
  let re = 0;
  let im = 0;
  for (let k = 0; k < DIMENSION; k += 1) {
    const ar = a.re[k] ?? 0;
    const ai = a.im[k] ?? 0;
    // Most vectors are sparse.
    if (ar === 0 && ai === 0) continue;
    const br = b.re[k] ?? 0;
    const bi = b.im[k] ?? 0;
    re += ar * br + ai * bi;
    im += ar * bi - ai * br;
  }
  return { re, im };
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
