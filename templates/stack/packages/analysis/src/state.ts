import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';

/** The dimension of every state. */
export const DIMENSION = 26;

/** A vector of `DIMENSION` complex numbers, of length 1 where it stands for a state. */
export interface ComplexVector {
  re: Numbers;
  im: Numbers;
}
/** `Float64Array` where many are computed with: of a list, each number that is read may be an object of its own. */
type Numbers = readonly number[] | Float64Array;

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
  let squares = 0;
  for (const part of [re, im]) for (const x of part) squares += x * x;
  const length = Math.sqrt(squares);
  if (!(length > 0) || !Number.isFinite(length)) return undefined;
  return { re: Float64Array.from(re, (x) => x / length), im: Float64Array.from(im, (x) => x / length) };
}

/**
 * The state of a sequence of turns, oldest first: each turn counts half as much as one that came `halfLife` turns later.
 */
export function stateOf(turns: readonly ComplexVector[], halfLife = 4): State {
  const weights = turns.map((_, index) => 2 ** (-(turns.length - 1 - index) / halfLife));
  const total = weights.reduce((all, weight) => all + weight, 0);
  return { vectors: turns, probabilities: weights.map((weight) => weight / total) };
}

/** Coherence, purity and entropy of the state. */
export function metricsOf(state: State): StateMetrics {
  // Of the many values between, purity and entropy need the same.
  const products = gram(state, state);
  return { coherence: coherence(state), purity: purity(state, products), entropy: entropy(state, products) };
}

/**
 * The l1-norm of coherence, Σ over i ≠ j of |ρᵢⱼ|: Baumgratz, Cramer and Plenio, "Quantifying Coherence",
 * Phys. Rev. Lett. 113, 140401 (2014), equation 6.
 */
export function coherence({ vectors, probabilities }: State): number {
  // Most texts have few words: what no vector touches is 0 in ρ.
  const touched: number[] = [];
  for (let k = 0; k < DIMENSION; k += 1) if (touches(vectors, k)) touched.push(k);
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
        const a = vector.re[i] as number;
        const b = vector.im[i] as number;
        const c = vector.re[j] as number;
        const d = vector.im[j] as number;
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
export function purity(state: State, { re, im }: Products = gram(state, state)): number {
  if (state.vectors.length === 0) return 1 / DIMENSION;
  // The products are weighted by √(pᵢpⱼ) already.
  let total = 0;
  for (let at = 0; at < re.length; at += 1) {
    const [a, b] = [re[at] as number, im[at] as number];
    total += a * a + b * b;
  }
  return Math.min(1, total);
}

/**
 * The von Neumann entropy −Tr ρ log₂ ρ (Nielsen and Chuang, equation 11.40). The eigenvalues of ρ other than 0 are those
 * of the Gram matrix √(pᵢpⱼ) ⟨ψᵢ|ψⱼ⟩, which is as large as there are turns.
 */
export function entropy(state: State, products: Products = gram(state, state)): number {
  if (state.vectors.length === 0) return Math.log2(DIMENSION);
  let total = 0;
  for (const value of eigenvalues(products)) if (value > 1e-15) total -= value * Math.log2(value);
  return Math.max(0, total);
}

/**
 * How much two states are alike, from 0 to 1: the fidelity (Tr √(√ρ σ √ρ))² of Jozsa, "Fidelity for Mixed Quantum
 * States", J. Mod. Opt. 41, 2315 (1994). With ρ = XX† and σ = YY† it is the square of the sum of the singular values of
 * X†Y (Nielsen and Chuang, section 9.2.2, by Uhlmann's theorem).
 */
export function fidelity(a: State, b: State): number {
  const products = gram(known(a), known(b));
  // The singular values of a complex matrix A + iB are those of [[A, −B], [B, A]], each twice.
  const { diagonal } = new SingularValueDecomposition(real(products), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  return Math.min(1, (diagonal.reduce((total, value) => total + value, 0) / 2) ** 2);
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

/** √(pᵢqⱼ) ⟨aᵢ|bⱼ⟩ for the vectors of two states: `width` of them a row, row by row. */
interface Products {
  re: Float64Array;
  im: Float64Array;
  width: number;
}

/** ⟨aᵢ|bⱼ⟩ is with the complex conjugate of aᵢ. */
function gram(a: State, b: State): Products {
  const width = b.vectors.length;
  const products = {
    re: new Float64Array(a.vectors.length * width),
    im: new Float64Array(a.vectors.length * width),
    width,
  };
  for (let i = 0; i < a.vectors.length; i += 1) {
    const left = a.vectors[i] as ComplexVector;
    for (let j = 0; j < width; j += 1) {
      const right = b.vectors[j] as ComplexVector;
      let re = 0;
      let im = 0;
      for (let k = 0; k < DIMENSION; k += 1) {
        const ar = left.re[k] as number;
        const ai = left.im[k] as number;
        // Most vectors are sparse.
        if (ar === 0 && ai === 0) continue;
        const br = right.re[k] as number;
        const bi = right.im[k] as number;
        re += ar * br + ai * bi;
        im += ar * bi - ai * br;
      }
      const weight = Math.sqrt((a.probabilities[i] ?? 0) * (b.probabilities[j] ?? 0));
      products.re[i * width + j] = weight * re;
      products.im[i * width + j] = weight * im;
    }
  }
  return products;
}

/** Whether one of the vectors is other than 0 in this dimension. */
function touches(vectors: readonly ComplexVector[], k: number): boolean {
  for (const { re, im } of vectors) if (re[k] !== 0 || im[k] !== 0) return true;
  return false;
}

/** Of a Hermitian matrix A + iB; those of the real symmetric [[A, −B], [B, A]] are the same, each twice. */
function eigenvalues(products: Products): number[] {
  const { re, im, width } = products;
  const [a = 0, c = 0, , b = 0] = re;
  if (width === 1) return [a];
  // A question and its answer, which most conversations are: (a + b)/2 ± √(((a − b)/2)² + |c|²).
  if (width === 2) {
    const spread = Math.hypot((a - b) / 2, c, im[1] ?? 0);
    return [(a + b) / 2 - spread, (a + b) / 2 + spread];
  }
  const { realEigenvalues } = new EigenvalueDecomposition(real(products), { assumeSymmetric: true });
  return realEigenvalues.toSorted((a, b) => a - b).filter((_, index) => index % 2 === 0);
}

function real({ re, im, width }: Products): Matrix {
  const rows = Array.from(
    { length: re.length / width },
    (_, row) =>
      [
        [...re.subarray(row * width, (row + 1) * width)],
        [...im.subarray(row * width, (row + 1) * width)],
      ] as const,
  );
  return new Matrix([
    ...rows.map(([a, b]) => [...a, ...b.map((value) => -value)]),
    ...rows.map(([a, b]) => [...b, ...a]),
  ]);
}
