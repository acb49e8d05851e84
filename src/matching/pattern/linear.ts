import { has } from './byte-set.ts';
import type { Engine, Reading } from './engine.ts';
import { type Machine, machineOf, type State } from './machine.ts';
import { PLACES } from './place.ts';
import type { ParsedPattern } from './tree.ts';

const BYTES = 256;

/**
 * Carries out any pattern in time that grows with the length of the text alone. It reads the text once, from its end
 * to its beginning, and notes for each byte which states lead to a match from there; a match is then found by walking
 * forwards, and every choice on the way is made by looking at what was noted. So nothing is tried in vain, and the
 * match is the one that backtracking finds, groups and all.
 */
export function linearEngine({ tree, groups }: ParsedPattern): Engine {
  const program = programOf(machineOf(tree));
  return {
    test: (text) => new Rows(program, text).begins.includes(1),
    read: (text) => read(program, text, groups),
  };
}

/** A machine for the loop over a text: its states are numbered so that each comes after those that it leads to. */
interface Program {
  states: readonly State[];
  start: number;
  operations: Uint8Array;
  next: Int32Array;
  /** The second way of a split. */
  other: Int32Array;
  /** For each state and byte whether it takes it. */
  takes: Uint8Array;
  looks: ReadonlyMap<number, readonly { program: Program; back: number }[]>;
}

const BYTE = 0;
const SPLIT = 1;
const PASS = 2;
const PLACE = 3;
const LOOK = 4;
const MATCH = 5;
const OPERATIONS = { byte: BYTE, split: SPLIT, save: PASS, place: PLACE, look: LOOK, match: MATCH } as const;

function programOf(machine: Machine): Program {
  const { states, start } = inOrder(machine);
  const size = states.length;
  const program = {
    states,
    start,
    operations: Uint8Array.from(states, (state) => OPERATIONS[state.kind]),
    next: Int32Array.from(states, (state) =>
      'next' in state ? state.next : 'first' in state ? state.first : 0,
    ),
    other: Int32Array.from(states, (state) => ('second' in state ? state.second : 0)),
    takes: new Uint8Array(size * BYTES),
    looks: new Map<number, { program: Program; back: number }[]>(),
  };
  for (const [index, state] of states.entries()) {
    if (state.kind === 'look') {
      const looks = state.looks.map(({ machine: each, back }) => ({ program: programOf(each), back }));
      program.looks.set(index, looks);
    }
    if (state.kind !== 'byte') continue;
    for (let byte = 0; byte < BYTES; byte++) if (has(state.of, byte)) program.takes[index * BYTES + byte] = 1;
  }
  return program;
}

/** Numbers the states anew. What takes a byte leads nowhere at one position; among the rest there is no circle. */
function inOrder({ states, start }: Machine): Machine {
  const numbers = new Map<number, number>();
  const visit = (index: number): void => {
    const state = states[index] as State;
    if (numbers.has(index)) return;
    if (state.kind === 'split') {
      visit(state.first);
      visit(state.second);
    } else if (state.kind !== 'match' && state.kind !== 'byte') visit(state.next);
    numbers.set(index, numbers.size);
  };
  for (const index of states.keys()) visit(index);
  const numberOf = (index: number) => numbers.get(index) as number;
  const ordered = [...numbers.keys()].map((index): State => {
    const state = states[index] as State;
    if (state.kind === 'match') return state;
    if (state.kind !== 'split') return { ...state, next: numberOf(state.next) };
    return { ...state, first: numberOf(state.first), second: numberOf(state.second) };
  });
  return { states: ordered, start: numberOf(start) };
}

/** How many rows are held at once; of all others the first of each such block is kept. */
const BLOCK = 256;

/**
 * One row for each position of a text: which states lead to a match from there. Rows are computed a block at a time,
 * from the last to the first; one that is looked at later is computed again from the row behind its block.
 */
class Rows {
  /** For each position whether a match begins there. */
  readonly begins: Uint8Array;
  readonly #program: Program;
  readonly #text: string;
  readonly #seen: ReadonlyMap<number, Uint8Array>;
  readonly #size: number;
  /** The rows of the block, and the one behind it. */
  readonly #rows: Uint8Array;
  readonly #firsts: Uint8Array[] = [];
  #block = 0;

  constructor(program: Program, text: string) {
    this.#program = program;
    this.#text = text;
    this.#size = program.operations.length;
    this.#seen = new Map([...program.looks].map(([index, looks]) => [index, seenIn(looks, text)]));
    this.#rows = new Uint8Array((Math.min(BLOCK, text.length + 1) + 1) * this.#size);
    this.begins = new Uint8Array(text.length + 1);
    for (let block = Math.floor(text.length / BLOCK); block >= 0; block--) {
      this.#fill(block);
      this.#firsts[block] = this.#rows.slice(0, this.#size);
      const first = block * BLOCK;
      for (let at = first; at < first + BLOCK && at <= text.length; at++) {
        this.begins[at] = this.#rows[(at - first) * this.#size + program.start] as number;
      }
    }
  }

  leads(at: number, state: number): boolean {
    const block = Math.floor(at / BLOCK);
    if (block !== this.#block) this.#fill(block);
    return this.#rows[(at - block * BLOCK) * this.#size + state] === 1;
  }

  #fill(block: number): void {
    const first = block * BLOCK;
    const last = Math.min(first + BLOCK - 1, this.#text.length);
    const behind = this.#firsts[block + 1];
    if (behind !== undefined) this.#rows.set(behind, (last + 1 - first) * this.#size);
    for (let at = last; at >= first; at--) this.#row(at, (at - first) * this.#size);
    this.#block = block;
  }

  #row(at: number, here: number): void {
    const { states, operations, next, other, takes } = this.#program;
    const rows = this.#rows;
    const size = this.#size;
    const text = this.#text;
    const behind = here + size;
    const byte = at < text.length ? text.charCodeAt(at) : BYTES;
    for (let i = 0; i < size; i++) {
      const to = next[i] as number;
      let leads = 0;
      switch (operations[i]) {
        case BYTE:
          if (byte < BYTES && takes[i * BYTES + byte] === 1) leads = rows[behind + to] as number;
          break;
        case SPLIT:
          leads = (rows[here + to] as number) | (rows[here + (other[i] as number)] as number);
          break;
        case PASS:
          leads = rows[here + to] as number;
          break;
        case PLACE:
          if (rows[here + to] === 1 && PLACES[(states[i] as StateOf<'place'>).at](text, at)) leads = 1;
          break;
        case LOOK: {
          const found = this.#seen.get(i)?.[at] === 1;
          if (found !== (states[i] as StateOf<'look'>).negative) leads = rows[here + to] as number;
          break;
        }
        default:
          leads = 1;
      }
      rows[here + i] = leads;
    }
  }
}

type StateOf<Kind extends State['kind']> = State & { kind: Kind };

/** For each position whether what is looked for is there. */
function seenIn(looks: readonly { program: Program; back: number }[], text: string): Uint8Array {
  const found = new Uint8Array(text.length + 1);
  for (const { program, back } of looks) {
    const { begins } = new Rows(program, text);
    for (let at = back; at <= text.length; at++) if (begins[at - back] === 1) found[at] = 1;
  }
  return found;
}

function read(program: Program, text: string, groups: number): Reading {
  const { states } = program;
  const rows = new Rows(program, text);
  return {
    next(from) {
      const start = rows.begins.indexOf(1, from);
      if (start === -1) return undefined;
      const slots: number[] = new Array(2 * groups + 2).fill(-1);
      let at = start;
      let state = states[program.start] as State;
      while (state.kind !== 'match') {
        if (state.kind === 'split') {
          state = states[rows.leads(at, state.first) ? state.first : state.second] as State;
          continue;
        }
        if (state.kind === 'save') slots[state.slot] = at;
        if (state.kind === 'byte') at += 1;
        state = states[state.next] as State;
      }
      slots[0] = start;
      slots[1] = at;
      const captures: string[] = [];
      for (let i = 0; i < slots.length; i += 2) captures.push(text.slice(slots[i], slots[i + 1]));
      return { start, end: at, captures };
    },
  };
}
