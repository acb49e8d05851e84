import { parseStackDocument, type StackDocument } from '../config/document.ts';
import { type FieldPath, fieldName, formatMistake } from '../config/mistake.ts';
import { QbtcError } from '../errors.ts';
import type { SourcePlace } from '../model/gateway.ts';
import type { Loss } from '../model/import.ts';

/** What another tool wrote. */
export interface SourceText {
  /** The file, or the address, as messages write it. */
  shown: string;
  text: string;
}

/** What was read, where each value of it stands, and what of it will be lost. */
export interface Source {
  data: Record<string, unknown>;
  losses: Loss[];
  placeOf(path: FieldPath): SourcePlace;
  /** Notes that the value at `path` is not carried over. */
  lose(path: FieldPath, reason: string, instead?: string): void;
}

export function inFileOrder(losses: readonly Loss[]): Loss[] {
  return [...losses].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

/** Some hundred thousand routes. */
const MAX_VALUES = 5_000_000;

/**
 * Reads YAML or JSON, which is YAML as well.
 *
 * @param expected what a file of this kind has at its top
 * @throws QbtcError `IMPORT_UNREADABLE` with every mistake of the text at its place
 */
export function openSource({ shown, text }: SourceText, expected: string): Source {
  // JSON may be indented by tabs, which are no indentation in YAML.
  const readable = /^\s*[{[]/.test(text) ? text.replace(/^\t+/gm, (tabs) => ' '.repeat(tabs.length)) : text;
  const document: StackDocument = parseStackDocument(readable, {
    maxValues: MAX_VALUES,
    topExpected: expected,
    isText: () => false,
  });
  if (!document.usable || document.mistakes.length > 0) {
    throw new QbtcError('IMPORT_UNREADABLE', `${shown} cannot be imported`, {
      details: document.mistakes.map((mistake) => formatMistake(shown, mistake)),
    });
  }
  const losses: Loss[] = [];
  const placeOf = (path: FieldPath): SourcePlace => {
    const { line, column } = document.at(path);
    return { file: shown, line, column };
  };
  return {
    // Ordinary objects: those of the parser have no text of their own.
    data: structuredClone(document.data),
    losses,
    placeOf,
    lose(path, reason, instead) {
      losses.push({
        place: placeOf(path),
        field: fieldName(path),
        reason,
        ...(instead === undefined ? {} : { instead }),
      });
    },
  };
}
