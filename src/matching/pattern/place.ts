import { bytes, has, TYPES } from './byte-set.ts';
import type { Place } from './tree.ts';

const WORD = TYPES.get('w') ?? bytes('');
const NEWLINE = '\n';

const isWord = (text: string, at: number): boolean =>
  at >= 0 && at < text.length && has(WORD, text.charCodeAt(at));
const onBoundary = (text: string, at: number): boolean => isWord(text, at - 1) !== isWord(text, at);

/** Whether a place is there, in front of the byte `at` (pcre2pattern(3), "Circumflex and dollar"). */
export const PLACES: Readonly<Record<Place, (text: string, at: number) => boolean>> = {
  start: (_, at) => at === 0,
  end: (text, at) => at === text.length,
  'last-line-end': (text, at) => at === text.length || (at === text.length - 1 && text[at] === NEWLINE),
  'line-start': (text, at) => at === 0 || (at < text.length && text[at - 1] === NEWLINE),
  'line-end': (text, at) => at === text.length || text[at] === NEWLINE,
  word: onBoundary,
  'not-word': (text, at) => !onBoundary(text, at),
};
