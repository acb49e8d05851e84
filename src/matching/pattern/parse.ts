import {
  anyCase,
  type ByteSet,
  everything,
  NEWLINE,
  not,
  nothing,
  one,
  POSIX,
  range,
  TYPES,
} from './byte-set.ts';
import { lengthOf, type ParsedPattern, type Tree } from './tree.ts';

/** Thrown for a pattern that PCRE refuses, or that cannot be carried out here; the message says which and where. */
export class PatternError extends Error {}

interface Flags {
  /** `i` */
  caseless: boolean;
  /** `m` */
  multiline: boolean;
  /** `s` */
  dotAll: boolean;
  /** `x` */
  extended: boolean;
}

const NAMES: Record<string, keyof Flags | undefined> = Object.assign(Object.create(null), {
  i: 'caseless',
  m: 'multiline',
  s: 'dotAll',
  x: 'extended',
});

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['e', 0x1b],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
]);

const MOST_REPEATS = 65_535;
/** PCRE2's `parens_nest_limit`. */
const DEEPEST = 250;

/**
 * Reads a pattern as PCRE2 does without UTF (pcre2pattern(3)), which is how APISIX compiles them: both are bytes.
 *
 * @param source one character a byte
 * @param flags of `ngx.re`: `i`, `m`, `s`, `x`, `a`; `j` and `o` change nothing
 * @throws PatternError for what PCRE refuses, and for what only a backtracking engine can do (back references, atomic
 *   groups, possessive quantifiers, recursion, conditions)
 */
export function parsePattern(source: string, flags: string): ParsedPattern {
  return new Parser(source, flags).pattern();
}

class Parser {
  readonly #source: string;
  #at = 0;
  #groups = 0;
  #depth = 0;
  #flags: Flags = { caseless: false, multiline: false, dotAll: false, extended: false };
  readonly #anchored: boolean;
  readonly #names = new Set<string>();

  constructor(source: string, flags: string) {
    this.#source = source;
    for (const flag of flags) {
      const name = NAMES[flag];
      if (name !== undefined) this.#flags[name] = true;
      else if (!'ajo'.includes(flag))
        throw new PatternError(`the flag "${flag}" is not available in this gateway`);
    }
    this.#anchored = flags.includes('a');
  }

  pattern(): ParsedPattern {
    if (this.#source.startsWith('(*')) this.#lacks('verbs ((*…))', 0);
    const tree = this.#choice();
    if (this.#at < this.#source.length) this.#fail('unmatched closing parenthesis');
    const parts = this.#anchored ? [{ kind: 'place', at: 'start' } as const, tree] : [tree];
    return { tree: { kind: 'sequence', parts }, groups: this.#groups };
  }

  #choice(): Tree {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    return branches.length === 1 ? (branches[0] as Tree) : { kind: 'choice', branches };
  }

  #sequence(): Tree {
    const parts: Tree[] = [];
    for (;;) {
      this.#skip();
      const next = this.#peek();
      if (next === undefined || next === '|' || next === ')') break;
      if (this.#take('\\Q')) {
        parts.push(...this.#quoted());
        continue;
      }
      const atom = this.#atom();
      if (atom !== undefined) parts.push(this.#repeated(atom));
    }
    return parts.length === 1 ? (parts[0] as Tree) : { kind: 'sequence', parts };
  }

  /** The bytes between `\Q` and `\E`; a quantifier behind them is for the last. */
  #quoted(): Tree[] {
    const end = this.#source.indexOf('\\E', this.#at);
    const text = this.#source.slice(this.#at, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#source.length : end + 2;
    const parts = [...text].map((character) => this.#byte(one(character.charCodeAt(0))));
    const last = parts.pop();
    return last === undefined ? [] : [...parts, this.#repeated(last)];
  }

  /** `undefined` for flags, which stand there without taking anything. */
  #atom(): Tree | undefined {
    const start = this.#at;
    const character = this.#next();
    switch (character) {
      case '.':
        return { kind: 'byte', of: this.#flags.dotAll ? everything : not(NEWLINE) };
      case '^':
        return { kind: 'place', at: this.#flags.multiline ? 'line-start' : 'start' };
      case '$':
        return { kind: 'place', at: this.#flags.multiline ? 'line-end' : 'last-line-end' };
      case '[':
        return this.#byte(this.#brackets(start));
      case '(':
        return this.#group(start);
      case '\\':
        return this.#escape(start);
      case '*':
      case '+':
      case '?':
        return this.#fail('quantifier does not follow a repeatable item', start);
      case '{':
        if (this.#counts(start) !== undefined) {
          this.#fail('quantifier does not follow a repeatable item', start);
        }
        return this.#byte(one(0x7b));
      default:
        return this.#byte(one(character.charCodeAt(0)));
    }
  }

  #byte(of: ByteSet): Tree {
    return { kind: 'byte', of: this.#flags.caseless ? anyCase(of) : of };
  }

  #repeated(atom: Tree): Tree {
    this.#skip();
    const start = this.#at;
    const counts = this.#quantifier();
    if (counts === undefined) return atom;
    if (atom.kind === 'place') this.#fail('quantifier does not follow a repeatable item', start);
    if (this.#take('+')) this.#lacks('possessive quantifiers', start);
    const lazy = this.#take('?');
    this.#skip();
    const again = this.#at;
    if (this.#quantifier() !== undefined) this.#fail('quantifier does not follow a repeatable item', again);
    const [min, max] = counts;
    return { kind: 'repeat', of: atom, min, max, lazy };
  }

  #quantifier(): [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    if (this.#peek() !== '{') return undefined;
    const counts = this.#counts(this.#at);
    if (counts === undefined) return undefined;
    this.#at = this.#source.indexOf('}', this.#at) + 1;
    return counts;
  }

  /** `{2}`, `{2,}`, `{2,5}`; any other brace is itself. */
  #counts(start: number): [number, number] | undefined {
    const found = /^\{(\d*)(,?)(\d*)\}/.exec(this.#source.slice(start, start + 16));
    if (found === null || (found[1] === '' && found[3] === '')) return undefined;
    // Older releases of PCRE take this for text, newer ones for a quantifier.
    if (found[1] === '') this.#fail('{,n} means different things to releases of PCRE: write {0,n}', start);
    const min = Number(found[1]);
    const max = found[2] === '' ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (min > MOST_REPEATS || (max !== Number.POSITIVE_INFINITY && max > MOST_REPEATS)) {
      this.#fail('number too big in {} quantifier', start);
    }
    if (max < min) this.#fail('numbers out of order in {} quantifier', start);
    return [min, max];
  }

  #group(start: number): Tree | undefined {
    if (this.#take('*')) this.#lacks('verbs ((*…))', start);
    if (!this.#take('?')) return this.#capture(start);
    if (this.#take(':')) return this.#inner(start);
    if (this.#take('=')) return this.#look(start, false, false);
    if (this.#take('!')) return this.#look(start, false, true);
    if (this.#take('<=')) return this.#look(start, true, false);
    if (this.#take('<!')) return this.#look(start, true, true);
    if (this.#take('>')) this.#lacks('atomic groups ((?>…))', start);
    if (this.#take('|')) this.#lacks('branch reset groups ((?|…))', start);
    if (this.#take('(')) this.#lacks('conditions ((?(…)…))', start);
    const named = /^(?:P?<([A-Za-z_]\w{0,31})>|'([A-Za-z_]\w{0,31})')/.exec(this.#source.slice(this.#at));
    if (named !== null) {
      this.#at += named[0].length;
      const name = named[1] ?? named[2] ?? '';
      if (this.#names.has(name)) this.#fail('two named subpatterns have the same name', start);
      this.#names.add(name);
      return this.#capture(start);
    }
    if (/^(?:R|P[>=]|&|[+-]?\d|C)/.test(this.#source.slice(this.#at))) {
      this.#lacks('recursion, calls and named back references', start);
    }
    return this.#flagGroup(start);
  }

  #capture(start: number): Tree {
    this.#groups += 1;
    const index = this.#groups;
    return { kind: 'group', index, of: this.#inner(start) };
  }

  /** What stands in a group. Flags that are set in it end with it. */
  #inner(start: number): Tree {
    const before = this.#flags;
    this.#flags = { ...before };
    this.#depth += 1;
    if (this.#depth > DEEPEST) this.#fail('parentheses are too deeply nested', start);
    const tree = this.#choice();
    if (!this.#take(')')) this.#fail('missing closing parenthesis', start);
    this.#depth -= 1;
    this.#flags = before;
    // In a group, what takes no byte may be repeated.
    return tree.kind === 'place' ? { kind: 'sequence', parts: [tree] } : tree;
  }

  /** `(?i)` holds to the end of the group that it stands in, `(?i:…)` in its own. */
  #flagGroup(start: number): Tree | undefined {
    const found = /^([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/.exec(this.#source.slice(this.#at));
    if (found === null) return this.#fail('unrecognized character after (?', start);
    const [whole, on = '', off = '', end] = found;
    const flags = { ...this.#flags };
    for (const [letters, value] of [
      [on, true],
      [off, false],
    ] as const) {
      for (const letter of letters) {
        const name = NAMES[letter];
        if (name === undefined) this.#lacks(`the flag "${letter}" in (?${letter})`, start);
        else flags[name] = value;
      }
    }
    this.#at += whole.length;
    if (end === ')') {
      this.#flags = flags;
      return undefined;
    }
    const before = this.#flags;
    this.#flags = flags;
    const tree = this.#inner(start);
    this.#flags = before;
    return tree;
  }

  #look(start: number, behind: boolean, negative: boolean): Tree {
    const groups = this.#groups;
    const of = this.#inner(start);
    if (this.#groups > groups) this.#lacks('groups that capture within lookaround', start);
    if (behind) {
      for (const branch of of.kind === 'choice' ? of.branches : [of]) {
        const { least, most } = lengthOf(branch);
        if (least !== most) this.#fail('lookbehind assertion is not fixed length', start);
      }
    }
    return { kind: 'look', behind, negative, of };
  }

  #escape(start: number): Tree {
    const letter = this.#peek();
    if (letter === undefined) return this.#fail('\\ at end of pattern', start);
    const places = { A: 'start', z: 'end', Z: 'last-line-end', b: 'word', B: 'not-word' } as const;
    if (letter === 'A' || letter === 'z' || letter === 'Z' || letter === 'b' || letter === 'B') {
      this.#at += 1;
      return { kind: 'place', at: places[letter] };
    }
    if (letter === 'N' && !this.#source.startsWith('N{', this.#at)) {
      this.#at += 1;
      return { kind: 'byte', of: not(NEWLINE) };
    }
    if (/[1-9]/.test(letter)) {
      // Up to nine, and as many as there are groups, a number is a reference; from ten on it may be an octal code.
      const digits = /^\d+/.exec(this.#source.slice(this.#at))?.[0] ?? '';
      if (digits.length === 1 || /^[89]/.test(digits) || Number(digits) <= this.#groups) {
        this.#lacks('back references', start);
      }
    }
    return this.#byte(this.#escaped(start));
  }

  /** One escape that stands for bytes, in brackets or outside. */
  #escaped(start: number): ByteSet {
    const letter = this.#next();
    const type = TYPES.get(letter.toLowerCase());
    if (type !== undefined) return letter === letter.toLowerCase() ? type : not(type);
    const control = CONTROLS.get(letter);
    if (control !== undefined) return one(control);
    if (letter === 'x') return one(this.#hexadecimal(start));
    if (letter === 'o') return one(this.#braced(start, /^\{([0-7]+)\}/, 8));
    if (/[0-7]/.test(letter)) {
      const digits = /^[0-7]{0,2}/.exec(this.#source.slice(this.#at))?.[0] ?? '';
      this.#at += digits.length;
      return one(this.#inByte(Number.parseInt(letter + digits, 8), start));
    }
    if (letter === 'c') {
      const code = this.#next().toUpperCase().charCodeAt(0);
      if (!(code >= 0x20 && code <= 0x7e))
        this.#fail('\\c must be followed by a printable ASCII character', start);
      return one(code ^ 0x40);
    }
    if (/[A-Za-z0-9]/.test(letter)) {
      if ('pPXRKGCgkN'.includes(letter)) this.#lacks(`\\${letter}`, start);
      this.#fail(`unrecognized character follows \\`, start);
    }
    return one(letter.charCodeAt(0));
  }

  #hexadecimal(start: number): number {
    if (this.#peek() === '{') return this.#braced(start, /^\{([0-9a-fA-F]+)\}/, 16);
    const digits = /^[0-9a-fA-F]{0,2}/.exec(this.#source.slice(this.#at))?.[0] ?? '';
    this.#at += digits.length;
    return digits === '' ? 0 : Number.parseInt(digits, 16);
  }

  #braced(start: number, form: RegExp, base: number): number {
    const found = form.exec(this.#source.slice(this.#at));
    if (found === null) return this.#fail('malformed number in braces', start);
    this.#at += found[0].length;
    return this.#inByte(Number.parseInt(found[1] as string, base), start);
  }

  #inByte(code: number, start: number): number {
    return code > 0xff
      ? this.#fail('character code point value in \\x{} or \\o{} is too large', start)
      : code;
  }

  #brackets(start: number): ByteSet {
    const negated = this.#take('^');
    let set = nothing;
    let first = true;
    while (first || this.#peek() !== ']') {
      if (this.#peek() === undefined) this.#fail('missing terminating ] for character class', start);
      first = false;
      if (this.#take('\\E')) continue;
      if (this.#take('\\Q')) {
        const end = this.#source.indexOf('\\E', this.#at);
        if (end === -1) this.#fail('missing terminating ] for character class', start);
        for (const character of this.#source.slice(this.#at, end)) set |= one(character.charCodeAt(0));
        this.#at = end + 2;
        continue;
      }
      set |= this.#member();
    }
    this.#at += 1;
    const folded = this.#flags.caseless ? anyCase(set) : set;
    return negated ? not(folded) : folded;
  }

  /** A byte, a range or a class in brackets. */
  #member(): ByteSet {
    const start = this.#at;
    const low = this.#item();
    if (this.#peek() !== '-' || this.#source[this.#at + 1] === ']' || this.#at + 1 >= this.#source.length) {
      return low.set;
    }
    this.#at += 1;
    const high = this.#item();
    if (low.byte === undefined || high.byte === undefined) {
      this.#fail('invalid range in character class', start);
    }
    if (high.byte < low.byte) this.#fail('range out of order in character class', start);
    return range(low.byte, high.byte);
  }

  /** `byte` when it is one that a range may begin or end with. */
  #item(): { set: ByteSet; byte: number | undefined } {
    const start = this.#at;
    const posix = /^\[([:.=])(\^?)(\w*)\1\]/.exec(this.#source.slice(start, start + 16));
    if (posix !== null) {
      const set = posix[1] === ':' ? POSIX.get(posix[3] ?? '') : undefined;
      if (set === undefined) return this.#fail('unknown POSIX class name', start);
      this.#at += posix[0].length;
      return { set: posix[2] === '^' ? not(set) : set, byte: undefined };
    }
    const character = this.#next();
    if (character !== '\\') return single(character.charCodeAt(0));
    const letter = this.#peek();
    if (letter === undefined) return this.#fail('\\ at end of pattern', start);
    if (letter === 'b') {
      this.#at += 1;
      return single(0x08);
    }
    if (/[89]/.test(letter) || letter === 'B')
      return this.#fail('unrecognized escape in character class', start);
    const set = this.#escaped(start);
    return TYPES.has(letter.toLowerCase()) ? { set, byte: undefined } : { set, byte: byteIn(set) };
  }

  /** Comments and stray ends of quotes, and under the flag `x` blanks and comments of another kind. */
  #skip(): void {
    for (;;) {
      const blank = this.#flags.extended ? /^(?:[ \t\n\v\f\r]|#[^\n]*(?:\n|$))+/ : /^/;
      this.#at += blank.exec(this.#source.slice(this.#at))?.[0].length ?? 0;
      const start = this.#at;
      // An end of what `\Q` has not begun means nothing.
      if (this.#take('\\E')) continue;
      if (!this.#take('(?#')) return;
      const end = this.#source.indexOf(')', this.#at);
      if (end === -1) this.#fail('missing ) after (?# comment', start);
      this.#at = end + 1;
    }
  }

  #peek(): string | undefined {
    return this.#source[this.#at];
  }

  #next(): string {
    const character = this.#source[this.#at];
    if (character === undefined) return this.#fail('\\ at end of pattern');
    this.#at += 1;
    return character;
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #fail(reason: string, at = this.#at): never {
    throw new PatternError(`${reason} at offset ${at}`);
  }

  #lacks(what: string, at: number): never {
    throw new PatternError(`${what} are not available in this gateway, at offset ${at}`);
  }
}

const single = (byte: number) => ({ set: one(byte), byte });

const byteIn = (set: ByteSet): number => set.toString(2).length - 1;
