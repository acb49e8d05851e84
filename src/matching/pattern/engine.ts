/** A match: where it stands, and the text of the whole and of each group; a group that took no part is empty. */
export interface Found {
  start: number;
  end: number;
  captures: string[];
}

/** One text, read for a pattern. */
export interface Reading {
  /** The first match that begins at `from` or behind it. */
  next(from: number): Found | undefined;
}

/** What carries out a pattern. */
export interface Engine {
  test(text: string): boolean;
  read(text: string): Reading;
}
