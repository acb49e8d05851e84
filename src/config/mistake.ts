import leven from 'leven';

/** A place in `qbtc.yaml`, or in a file that it includes; both numbers count from 1. */
export interface Position {
  line: number;
  column: number;
  /** The included file, as messages write it, and what the field is called in there. */
  included?: { file: string; field: string };
}

/** Keys and list indexes from the top of the file: `['services', 'llm-api', 'routes', 0, 'uri']`. */
export type FieldPath = readonly (string | number)[];

/** One thing that is wrong in `qbtc.yaml`. */
export interface Mistake {
  at: Position;
  /** As `fieldName` writes it; empty for a mistake of the file as a whole. */
  field: string;
  found: string;
  expected: string;
  /** The nearest thing that would have been right; as a function where finding it takes long and it may not be shown. */
  nearest?: string | (() => string | undefined);
  /** The versions of qbtc that would be right, where this one is not. */
  requires?: string;
}

/** `services.llm-api.routes[0].uri` */
export function fieldName(path: FieldPath): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/** The same without its place: `services.x.prot: found …, expected …; did you mean …?`. */
export function mistakeText({ field, found, expected, nearest: near }: Omit<Mistake, 'at'>): string {
  const word = typeof near === 'function' ? near() : near;
  const nearest = word === undefined ? '' : `; did you mean "${word}"?`;
  return `${field === '' ? '' : `${field}: `}found ${found}, expected ${expected}${nearest}`;
}

/** One line a mistake, as editors and terminals link it: `qbtc.yaml:12:5 services.x.prot: found …, expected …`. */
export function formatMistake(file: string, mistake: Mistake): string {
  const { line, column, included } = mistake.at;
  const text = mistakeText({ ...mistake, field: included?.field ?? mistake.field });
  const isNamed = (included?.field ?? mistake.field) !== '';
  return `${included?.file ?? file}:${line}:${column}${isNamed ? ' ' : ': '}${text}`;
}

/** In the order of the file (what it includes comes after), each once: a mistake inside a YAML anchor is met again at each of its aliases. */
export function inFileOrder(mistakes: readonly Mistake[]): Mistake[] {
  const seen = new Set<string>();
  return [...mistakes]
    .sort((a, b) => {
      const [first = '', second = ''] = [a.at.included?.file, b.at.included?.file];
      if (first !== second) return first < second ? -1 : 1;
      return a.at.line - b.at.line || a.at.column - b.at.column;
    })
    .filter((mistake) => {
      const key = [
        mistake.at.included?.file,
        mistake.at.line,
        mistake.at.column,
        mistake.found,
        mistake.expected,
      ].join('\0');
      return !seen.has(key) && seen.add(key);
    });
}

/** The candidate that `word` was most likely meant to be; `undefined` when none is near enough to be of help. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  const typed = comparable(word);
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(word.length, candidate.length) * 0.4));
    const meant = comparable(candidate);
    // At least as many edits as one is longer than the other: no need to count them.
    if (Math.abs(typed.length - meant.length) > limit) continue;
    const distance = distanceOf(typed, meant);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Edits from one word to the other; letters that changed places (`prot`, `port`) are one slip of the finger. */
function distanceOf(word: string, candidate: string): number {
  const distance = leven(word, candidate);
  return distance === 2 && sortedLetters(word) === sortedLetters(candidate) ? 1 : distance;
}

function sortedLetters(word: string): string {
  return [...word].sort().join('');
}

/** `dependsOn`, `Depends-On` and `depends_on` are the same word spelled differently. */
function comparable(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}

/** More than anybody reads in one line. */
const MAX_LISTED = 30;

/** What is expected where one of these words is: `a`, `one of a or b`. */
export function oneOf(words: readonly string[]): string {
  if (words.length === 0) return 'nothing';
  return `${words.length > 1 ? 'one of ' : ''}${listed(words)}`;
}

/** `a`, `a or b`, `a, b or c`; says so when there is nothing to list, and how many are left out of a long list. */
export function listed(words: readonly string[], joint = 'or'): string {
  if (words.length === 0) return '(there is none)';
  if (words.length === 1) return String(words[0]);
  if (words.length > MAX_LISTED) {
    return `${words.slice(0, MAX_LISTED).join(', ')} ${joint} ${words.length - MAX_LISTED} others`;
  }
  return `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`;
}
