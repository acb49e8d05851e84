import { QbtcError } from '../errors.ts';
import { type Lookup, type SubstitutionProblem, substitute } from './substitution.ts';

/**
 * One `NAME='value'` a line. In single quotes everything stands for itself but the quote and the backslash before it
 * (compose-go, dotenv). What cannot be said in single quotes is said in double ones, where `\`, `"`, `$` and ends of lines
 * are escaped.
 */
export function formatEnv(values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`);
  return `${lines.join('\n')}\n`;
}

function quoted(value: string): string {
  if (!/['\\\r\n]/.test(value)) return `'${value}'`;
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('$', '\\$')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/**
 * Reads a file of variables as compose does (Compose, "Env file syntax"; compose-go `dotenv`): `#` begins a comment at
 * the start of a line and after a space; single quotes take all but `\'` as it is; double quotes know escapes; both may
 * go over several lines; outside of single quotes variables are filled in, those of `lookup` before those of the file; a
 * name alone is passed on from `lookup`.
 *
 * What compose takes with a loss that nobody is told of is refused: a variable that is not set and text after a closing
 * quote, for it is part of a password more often than not. No message shows a value.
 *
 * @param file what messages call it
 * @throws QbtcError `ENV_INVALID` with a line for each mistake
 */
export function parseEnv(
  text: string,
  file: string,
  lookup: Lookup = () => undefined,
): Record<string, string> {
  const reader = new DotenvReader(text, lookup);
  reader.readAll();
  if (reader.mistakes.length > 0) {
    const count = reader.mistakes.length === 1 ? 'a mistake' : `${reader.mistakes.length} mistakes`;
    throw new QbtcError('ENV_INVALID', `${file} has ${count}`, {
      details: reader.mistakes.map(({ line, says }) => `${file}:${line}: ${says}`),
      hint: "a value in single quotes is taken as it is: NAME='va#l$ue'",
    });
  }
  return Object.fromEntries(reader.values);
}

/** The spaces of compose-go: all but the end of the line. */
const SPACES = /[\t\v\f\r \u0085\u00a0]*/y;
const COMMENT = /#[^\n]*/y;
const NAME = /[\p{L}\p{N}_.[\]-]+/uy;
const REST = /[^\n]*/y;
const ESCAPE = /\\(?:([abcfnrtv$"\\])|0([0-7]{3}))/g;
const ESCAPED: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  // A dollar that the substitution leaves alone.
  $: '$$',
};

class DotenvReader {
  readonly values = new Map<string, string>();
  readonly mistakes: { line: number; says: string }[] = [];
  readonly #text: string;
  readonly #lookup: Lookup;
  #at = 0;

  constructor(text: string, lookup: Lookup) {
    this.#text = text;
    this.#lookup = (name) => lookup(name) ?? this.values.get(name);
  }

  readAll(): void {
    while (this.#at < this.#text.length) {
      this.#take(SPACES);
      this.#take(COMMENT);
      if (this.#text[this.#at] !== '\n' && this.#at < this.#text.length) this.#statement();
      // What a statement has left of its line is lost on purpose: the statement has told.
      this.#take(REST);
      this.#at += 1;
    }
  }

  #statement(): void {
    const start = this.#at;
    let name = this.#take(NAME);
    const gap = this.#take(SPACES);
    if (name === 'export' && gap !== '' && !this.#isSeparator()) {
      name = this.#take(NAME);
      this.#take(SPACES);
    }
    if (this.#atLineEnd() && name !== '') {
      const value = this.#lookup(name);
      if (value !== undefined) this.values.set(name, value);
      return;
    }
    if (!this.#isSeparator() || name === '') {
      const found = this.#atLineEnd() ? 'no name' : JSON.stringify(this.#text[this.#at]);
      this.#report(start, `found ${found}, expected NAME=value (a value of several lines stands in quotes)`);
      return;
    }
    this.#at += 1;
    const gapBefore = this.#take(SPACES);
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") this.#quotedValue(name, quote);
    else if (quote === '#' && gapBefore !== '')
      this.#report(
        start,
        `${name}: found # after the spaces, expected a value (compose takes what follows for the value): write ${name}= alone, or quote it`,
      );
    else this.#plainValue(name);
  }

  #plainValue(name: string): void {
    const start = this.#at;
    const [value = ''] = this.#take(REST).split(' #');
    this.#set(name, value.replace(/\s+$/, ''), start);
  }

  #quotedValue(name: string, quote: '"' | "'"): void {
    const start = this.#at;
    let value = '';
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const char = this.#text[at];
      if (char === '\\') {
        const next = this.#text[at + 1] ?? '';
        // The quote loses its backslash here, all else at the end.
        value += next === quote ? next : `\\${next}`;
        at += 1;
      } else if (char !== quote) value += char;
      else {
        this.#at = at + 1;
        this.#take(SPACES);
        if (!this.#atLineEnd() && this.#text[this.#at] !== '#') {
          this.#report(
            this.#at,
            `${name}: found text after the closing ${quote}, expected the end of the line or a comment; a ${quote} in the value is written \\${quote}`,
          );
        } else if (quote === "'") this.values.set(name, value);
        else this.#set(name, unescaped(value), start);
        return;
      }
    }
    this.#report(start, `${name}: found no closing ${quote}`);
    this.#at = start;
  }

  #set(name: string, template: string, start: number): void {
    let refused = false;
    const value = substitute(template, this.#lookup, (problem) => {
      refused = true;
      this.#report(start, `${name}: ${told(problem)}`);
    });
    if (!refused) this.values.set(name, value);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #isSeparator(): boolean {
    const char = this.#text[this.#at];
    return char === '=' || char === ':';
  }

  #atLineEnd(): boolean {
    return this.#at >= this.#text.length || this.#text[this.#at] === '\n';
  }

  #report(at: number, says: string): void {
    this.mistakes.push({ line: this.#text.slice(0, at).split('\n').length, says });
  }
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (whole: string, letter?: string, octal?: string) => {
    if (letter !== undefined) return ESCAPED[letter] ?? whole;
    const code = Number.parseInt(octal ?? '', 8);
    return code > 255 ? whole : String.fromCharCode(code);
  });
}

function told({ kind, name, text }: SubstitutionProblem): string {
  switch (kind) {
    case 'not_a_reference':
      return 'found ${ that begins no reference, expected ${NAME}, or single quotes around the value';
    case 'required':
      return `${name} is not set${text === '' ? '' : `: ${text}`}`;
    case 'unset':
      return `found $${name}, which is not set, expected \${${name}:-} where it may be empty, or single quotes around a value with a dollar`;
  }
}
