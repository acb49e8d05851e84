import type { SourcePlace } from './gateway.ts';

/** Something of what was imported that could not be carried over. Each is named: nothing is dropped without a word. */
export interface Loss {
  /** Where it stands in what was imported. */
  place: SourcePlace;
  /** The field, from the top of the file: `services[0].plugins[1].config.anonymous`. */
  field: string;
  /** Why it is not carried over, or what it became. */
  reason: string;
  /** What comes nearest, where something does. */
  instead?: string;
}

/** A file that an import writes. */
export interface WrittenFile {
  file: string;
  /** False for one that was there, and is changed. */
  isNew: boolean;
}
