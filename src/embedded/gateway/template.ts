import { bytesOf } from '../../matching/bytes.ts';
import type { Exchange } from './exchange.ts';
import { variable } from './variables.ts';

/** What is done to a variable's value before it is put into its place. */
export type Encode = (value: string, variable: string) => string;

/** What a regular expression has captured; the whole match stands first. */
export type Captures = readonly (string | undefined)[];

/**
 * A text of the configuration with variables in it, prepared once. What it gives has one character a byte, and is never
 * read for variables again: a value that a client chose may look like one.
 */
export interface Template {
  /** Gives the text with the values in it; what has no value is empty. */
  render(exchange: Exchange, encode?: Encode, captures?: Captures): string;
  /** Tells how many of the variables have a value. */
  resolved(exchange: Exchange): number;
  /** The variables in it. */
  readonly names: readonly string[];
}

/**
 * Prepares a text as APISIX reads it (`core.utils.resolve_var`): `$name` and `${name}` are variables, names hold
 * letters, digits, `_` and `.`, and a backslash before the dollar sign leaves both standing.
 */
export function template(text: string): Template {
  return prepared(text, /(?<!\\)\$(?:\{([\w.]+)\}|([\w.]+))/g);
}

/** The same where names hold no dots, as in redirect: `$host.example` is a variable and a text. */
export function wordTemplate(text: string): Template {
  return prepared(text, /(?<!\\)\$(?:\{(\w+)\}|(\w+))/g);
}

/** The same where `$1` and `${1}` are what a regular expression has captured (`resolve_var_with_captures`). */
export function captureTemplate(text: string): Template {
  return prepared(text, /(?<!\\)\$(?:\{([\w.]+)\}|(\d+|[\w.]+))/g);
}

type Piece = string | { readonly name: string; readonly capture: number };

function prepared(text: string, syntax: RegExp): Template {
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(syntax)) {
    const name = found[1] ?? (found[2] as string);
    pieces.push(bytesOf(text.slice(end, found.index)), { name, capture: Number(name) });
    end = found.index + found[0].length;
  }
  pieces.push(bytesOf(text.slice(end)));
  return {
    render(exchange, encode, captures) {
      let rendered = '';
      for (const piece of pieces) {
        if (typeof piece === 'string') {
          rendered += piece;
          continue;
        }
        const value = captures?.[piece.capture] ?? variable(exchange, piece.name);
        if (value !== undefined) rendered += encode === undefined ? value : encode(value, piece.name);
      }
      return rendered;
    },
    names: pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.name])),
    resolved: (exchange) =>
      pieces.filter((piece) => typeof piece !== 'string' && variable(exchange, piece.name) !== undefined)
        .length,
  };
}
