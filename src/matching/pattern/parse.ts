import { brackets } from './brackets.ts';
import { anyCase, type ByteSet, everything, NEWLINE, not, one } from './byte-set.ts';
import { Cursor, PatternError } from './cursor.ts';
import { escaped } from './escape.ts';
import { lengthOf, type ParsedPattern, type Tree } from './tree.ts';

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
  readonly #cursor: Cursor;
  #groups = 0;
  #depth = 0;
  #flags: Flags = { caseless: false, multiline: false, dotAll: false, extended: false };
  readonly #anchored: boolean;
  readonly #names = new Set<string>();

  constructor(source: string, flags: string) {
    this.#cursor = new Cursor(source);
    for (const flag of flags) {
      const name = NAMES[flag];
      if (name !== undefined) this.#flags[name] = true;
      else if (!'ajo'.includes(flag))
        throw new PatternError(`the flag "${flag}" is not available in this gateway`);
    }
    this.#anchored = flags.includes('a');
  }

  pattern(): ParsedPattern {
    if (this.#cursor.source.startsWith('(*')) this.#cursor.lacks('verbs ((*…))', 0);
    const tree = this.#choice();
    if (this.#cursor.at < this.#cursor.source.length) this.#cursor.fail('unmatched closing parenthesis');
    const parts = this.#anchored ? [{ kind: 'place', at: 'start' } as const, tree] : [tree];
    return { tree: { kind: 'sequence', parts }, groups: this.#groups };
  }

  #choice(): Tree {
    const branches = [this.#sequence()];
    while (this.#cursor.take('|')) branches.push(this.#sequence());
    return branches.length === 1 ? (branches[0] as Tree) : { kind: 'choice', branches };
  }

  #sequence(): Tree {
    const parts: Tree[] = [];
    for (;;) {
      this.#skip();
      const next = this.#cursor.peek();
      if (next === undefined || next === '|' || next === ')') break;
      if (this.#cursor.take('\\Q')) {
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
    const end = this.#cursor.source.indexOf('\\E', this.#cursor.at);
    const text = this.#cursor.source.slice(this.#cursor.at, end === -1 ? undefined : end);
    this.#cursor.at = end === -1 ? this.#cursor.source.length : end + 2;
    const parts = [...text].map((character) => this.#byte(one(character.charCodeAt(0))));
    const last = parts.pop();
    return last === undefined ? [] : [...parts, this.#repeated(last)];
  }

  /** `undefined` for flags, which stand there without taking anything. */
  #atom(): Tree | undefined {
    const start = this.#cursor.at;
    const character = this.#cursor.next();
    switch (character) {
      case '.':
        return { kind: 'byte', of: this.#flags.dotAll ? everything : not(NEWLINE) };
      case '^':
        return { kind: 'place', at: this.#flags.multiline ? 'line-start' : 'start' };
      case '$':
        return { kind: 'place', at: this.#flags.multiline ? 'line-end' : 'last-line-end' };
      case '[':
        return this.#byte(brackets(this.#cursor, start, this.#flags.caseless));
      case '(':
        return this.#group(start);
      case '\\':
        return this.#escape(start);
      case '*':
      case '+':
      case '?':
        return this.#cursor.fail('quantifier does not follow a repeatable item', start);
      case '{':
        if (this.#counts(start) !== undefined) {
          this.#cursor.fail('quantifier does not follow a repeatable item', start);
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
    const start = this.#cursor.at;
    const counts = this.#quantifier();
    if (counts === undefined) return atom;
    if (atom.kind === 'place') this.#cursor.fail('quantifier does not follow a repeatable item', start);
    if (this.#cursor.take('+')) this.#cursor.lacks('possessive quantifiers', start);
    const lazy = this.#cursor.take('?');
    this.#skip();
    const again = this.#cursor.at;
    if (this.#quantifier() !== undefined)
      this.#cursor.fail('quantifier does not follow a repeatable item', again);
    const [min, max] = counts;
    return { kind: 'repeat', of: atom, min, max, lazy };
  }

  #quantifier(): [number, number] | undefined {
    if (this.#cursor.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#cursor.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#cursor.take('?')) return [0, 1];
    if (this.#cursor.peek() !== '{') return undefined;
    const counts = this.#counts(this.#cursor.at);
    if (counts === undefined) return undefined;
    this.#cursor.at = this.#cursor.source.indexOf('}', this.#cursor.at) + 1;
    return counts;
  }

  /** `{2}`, `{2,}`, `{2,5}`; any other brace is itself. */
  #counts(start: number): [number, number] | undefined {
    const found = /^\{(\d*)(,?)(\d*)\}/.exec(this.#cursor.source.slice(start, start + 16));
    if (found === null || (found[1] === '' && found[3] === '')) return undefined;
    // Older releases of PCRE take this for text, newer ones for a quantifier.
    if (found[1] === '')
      this.#cursor.fail('{,n} means different things to releases of PCRE: write {0,n}', start);
    const min = Number(found[1]);
    const max = found[2] === '' ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (min > MOST_REPEATS || (max !== Number.POSITIVE_INFINITY && max > MOST_REPEATS)) {
      this.#cursor.fail('number too big in {} quantifier', start);
    }
    if (max < min) this.#cursor.fail('numbers out of order in {} quantifier', start);
    return [min, max];
  }

  #group(start: number): Tree | undefined {
    if (this.#cursor.take('*')) this.#cursor.lacks('verbs ((*…))', start);
    if (!this.#cursor.take('?')) return this.#capture(start);
    if (this.#cursor.take(':')) return this.#inner(start);
    if (this.#cursor.take('=')) return this.#look(start, false, false);
    if (this.#cursor.take('!')) return this.#look(start, false, true);
    if (this.#cursor.take('<=')) return this.#look(start, true, false);
    if (this.#cursor.take('<!')) return this.#look(start, true, true);
    if (this.#cursor.take('>')) this.#cursor.lacks('atomic groups ((?>…))', start);
    if (this.#cursor.take('|')) this.#cursor.lacks('branch reset groups ((?|…))', start);
    if (this.#cursor.take('(')) this.#cursor.lacks('conditions ((?(…)…))', start);
    const named = this.#cursor.match(/^(?:P?<([A-Za-z_]\w{0,31})>|'([A-Za-z_]\w{0,31})')/);
    if (named !== null) {
      this.#cursor.at += named[0].length;
      const name = named[1] ?? named[2] ?? '';
      if (this.#names.has(name)) this.#cursor.fail('two named subpatterns have the same name', start);
      this.#names.add(name);
      return this.#capture(start);
    }
    if (/^(?:R|P[>=]|&|[+-]?\d|C)/.test(this.#cursor.source.slice(this.#cursor.at))) {
      this.#cursor.lacks('recursion, calls and named back references', start);
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
    if (this.#depth > DEEPEST) this.#cursor.fail('parentheses are too deeply nested', start);
    const tree = this.#choice();
    if (!this.#cursor.take(')')) this.#cursor.fail('missing closing parenthesis', start);
    this.#depth -= 1;
    this.#flags = before;
    // In a group, what takes no byte may be repeated.
    return tree.kind === 'place' ? { kind: 'sequence', parts: [tree] } : tree;
  }

  /** `(?i)` holds to the end of the group that it stands in, `(?i:…)` in its own. */
  #flagGroup(start: number): Tree | undefined {
    const found = this.#cursor.match(/^([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/);
    if (found === null) return this.#cursor.fail('unrecognized character after (?', start);
    const [whole, on = '', off = '', end] = found;
    const flags = { ...this.#flags };
    for (const [letters, value] of [
      [on, true],
      [off, false],
    ] as const) {
      for (const letter of letters) {
        const name = NAMES[letter];
        if (name === undefined) this.#cursor.lacks(`the flag "${letter}" in (?${letter})`, start);
        else flags[name] = value;
      }
    }
    this.#cursor.at += whole.length;
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
    if (this.#groups > groups) this.#cursor.lacks('groups that capture within lookaround', start);
    if (behind) {
      for (const branch of of.kind === 'choice' ? of.branches : [of]) {
        const { least, most } = lengthOf(branch);
        if (least !== most) this.#cursor.fail('lookbehind assertion is not fixed length', start);
      }
    }
    return { kind: 'look', behind, negative, of };
  }

  #escape(start: number): Tree {
    const letter = this.#cursor.peek();
    if (letter === undefined) return this.#cursor.fail('\\ at end of pattern', start);
    const places = { A: 'start', z: 'end', Z: 'last-line-end', b: 'word', B: 'not-word' } as const;
    if (letter === 'A' || letter === 'z' || letter === 'Z' || letter === 'b' || letter === 'B') {
      this.#cursor.at += 1;
      return { kind: 'place', at: places[letter] };
    }
    if (letter === 'N' && !this.#cursor.source.startsWith('N{', this.#cursor.at)) {
      this.#cursor.at += 1;
      return { kind: 'byte', of: not(NEWLINE) };
    }
    if (/[1-9]/.test(letter)) {
      // Up to nine, and as many as there are groups, a number is a reference; from ten on it may be an octal code.
      const digits = this.#cursor.match(/^\d+/)?.[0] ?? '';
      if (digits.length === 1 || /^[89]/.test(digits) || Number(digits) <= this.#groups) {
        this.#cursor.lacks('back references', start);
      }
    }
    return this.#byte(escaped(this.#cursor, start));
  }

  /** Comments and stray ends of quotes, and under the flag `x` blanks and comments of another kind. */
  #skip(): void {
    for (;;) {
      const blank = this.#flags.extended ? /^(?:[ \t\n\v\f\r]|#[^\n]*(?:\n|$))+/ : /^/;
      this.#cursor.at += this.#cursor.match(blank)?.[0].length ?? 0;
      const start = this.#cursor.at;
      // An end of what `\Q` has not begun means nothing.
      if (this.#cursor.take('\\E')) continue;
      if (!this.#cursor.take('(?#')) return;
      const end = this.#cursor.source.indexOf(')', this.#cursor.at);
      if (end === -1) this.#cursor.fail('missing ) after (?# comment', start);
      this.#cursor.at = end + 1;
    }
  }
}
