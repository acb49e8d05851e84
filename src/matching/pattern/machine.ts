import type { ByteSet } from './byte-set.ts';
import { PatternError } from './cursor.ts';
import { lengthOf, type Place, type Tree } from './tree.ts';

/** A state of the machine that a pattern is; where it goes on to is the number of another. */
export type State =
  | { kind: 'byte'; of: ByteSet; next: number }
  | { kind: 'split'; first: number; second: number }
  | { kind: 'place'; at: Place; next: number }
  | { kind: 'look'; looks: readonly Look[]; negative: boolean; next: number }
  | { kind: 'save'; slot: number; next: number }
  | { kind: 'match' };

/** What is looked for around a place; `back` bytes in front of it the machine has to begin. */
export interface Look {
  machine: Machine;
  back: number;
}

export interface Machine {
  states: readonly State[];
  start: number;
}

/** Work grows with the product of states and bytes: this many hold the process for a tenth of a second in 32 KB. */
const MOST_STATES = 1000;

/**
 * Where to go on after a part: in two ways, for a loop ends when an iteration of it took nothing. `still`: nothing
 * was taken since the iteration began; `moved`: something was.
 */
interface After {
  still: number;
  moved: number;
}

/** @throws PatternError when it is larger than what may be carried out for a request */
export function machineOf(tree: Tree): Machine {
  const builder = new Builder();
  const end = builder.add({ kind: 'match' });
  const start = builder.build(tree, { still: end, moved: end }).still;
  return { states: builder.states, start };
}

class Builder {
  readonly states: State[] = [];

  add(state: State): number {
    if (this.states.length === MOST_STATES) throw new PatternError('regular expression is too large');
    return this.states.push(state) - 1;
  }

  /** Gives the states to enter a tree by. */
  build(tree: Tree, after: After): After {
    switch (tree.kind) {
      case 'byte':
        return both(this.add({ kind: 'byte', of: tree.of, next: after.moved }));
      case 'sequence':
        return tree.parts.reduceRight((next, part) => this.build(part, next), after);
      case 'choice':
        return this.#choice(tree.branches.map((branch) => this.build(branch, after)));
      case 'group':
        return this.#save(tree.index * 2, this.build(tree.of, this.#save(tree.index * 2 + 1, after)));
      case 'place':
        return this.#each(after, (next) => this.add({ kind: 'place', at: tree.at, next }));
      case 'look': {
        const looks = (tree.of.kind === 'choice' ? tree.of.branches : [tree.of]).map((branch) => ({
          machine: machineOf(branch),
          back: tree.behind ? lengthOf(branch).least : 0,
        }));
        return this.#each(after, (next) => this.add({ kind: 'look', looks, negative: tree.negative, next }));
      }
      case 'repeat':
        return this.#repeat(tree, after);
    }
  }

  #choice(branches: After[]): After {
    return branches.reduceRight((rest, branch) => this.#split(branch, rest));
  }

  #split(first: After, second: After): After {
    const moved = this.add({ kind: 'split', first: first.moved, second: second.moved });
    if (first.still === first.moved && second.still === second.moved) return both(moved);
    return { moved, still: this.add({ kind: 'split', first: first.still, second: second.still }) };
  }

  #save(slot: number, after: After): After {
    return this.#each(after, (next) => this.add({ kind: 'save', slot, next }));
  }

  #each(after: After, add: (next: number) => number): After {
    const moved = add(after.moved);
    return { moved, still: after.still === after.moved ? moved : add(after.still) };
  }

  #repeat({ of, min, max, lazy }: Tree & { kind: 'repeat' }, after: After): After {
    const chosen = (again: After, leave: After) =>
      lazy ? this.#split(leave, again) : this.#split(again, leave);
    let entry = after;
    if (max === Number.POSITIVE_INFINITY) entry = this.#loop(of, lazy, after);
    else for (let i = min; i < max; i++) entry = chosen(this.build(of, entry), after);
    for (let i = 0; i < min; i++) entry = this.build(of, entry);
    return entry;
  }

  /** Any number of iterations; the one that took nothing is the last. */
  #loop(of: Tree, lazy: boolean, after: After): After {
    const again = this.add({ kind: 'match' });
    const entry = (leave: number): State & { kind: 'split' } => {
      const { still } = this.build(of, { still: leave, moved: again });
      return { kind: 'split', first: lazy ? leave : still, second: lazy ? still : leave };
    };
    this.states[again] = entry(after.moved);
    if (after.still === after.moved) return both(again);
    return { moved: again, still: this.add(entry(after.still)) };
  }
}

const both = (state: number): After => ({ still: state, moved: state });
