/** What stands after `$` and does not hold: its words are those of compose. */
export interface SubstitutionProblem {
  /** The variable; empty where the reference itself is none. */
  name: string;
  kind: 'not_a_reference' | 'required' | 'unset';
  /** The reference as it is written, or the reason that stands after `?`. */
  text: string;
}

/** Answers with the value of a variable; `undefined` when it is not set. */
export type Lookup = (name: string) => string | undefined;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([\s\S]*))?$/;

/**
 * Fills in `$NAME`, `${NAME}` and `${NAME` with one of `:-`, `-`, `:?`, `?`, `:+`, `+`, as compose does (Compose
 * specification, Interpolation; compose-go `template`): `$$` is a dollar, as is a dollar before anything else, and the
 * word after an operator may hold references. A variable that is not set is empty; it is reported as `unset`.
 */
export function substitute(
  text: string,
  lookup: Lookup,
  onProblem: (problem: SubstitutionProblem) => void,
): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const dollar = text.indexOf('$', at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    at = dollar + 1;
    if (text[at] === '$') {
      out += '$';
      at += 1;
    } else if (text[at] === '{') {
      const end = closingBrace(text, at);
      const body = text.slice(at + 1, end ?? text.length);
      const reference = end === undefined ? null : BRACED.exec(body);
      if (reference === null) {
        onProblem({ name: '', kind: 'not_a_reference', text: text.slice(dollar, (end ?? text.length) + 1) });
        return out + text.slice(dollar);
      }
      out += braced(reference, lookup, onProblem);
      at += body.length + 2;
    } else {
      const name = NAME.exec(text.slice(at))?.[0];
      if (name === undefined) out += '$';
      else out += plain(name, lookup, onProblem);
      at += name?.length ?? 0;
    }
  }
  return out;
}

function plain(name: string, lookup: Lookup, onProblem: (problem: SubstitutionProblem) => void): string {
  const value = lookup(name);
  if (value === undefined) onProblem({ name, kind: 'unset', text: '' });
  return value ?? '';
}

function braced(
  [, name = '', operator, word = '']: RegExpExecArray,
  lookup: Lookup,
  onProblem: (problem: SubstitutionProblem) => void,
): string {
  if (operator === undefined) return plain(name, lookup, onProblem);
  const value = lookup(name);
  // With a colon an empty value counts as none.
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
  const filled = () => substitute(word, lookup, onProblem);
  switch (operator.at(-1)) {
    case '-':
      return isSet ? value : filled();
    case '+':
      return isSet ? filled() : '';
    default:
      if (!isSet) onProblem({ name, kind: 'required', text: filled() });
      return value ?? '';
  }
}

/** Where the brace at `open` is closed. */
function closingBrace(text: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}' && --depth === 0) return at;
  }
  return undefined;
}
