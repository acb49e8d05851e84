/** What a file was, what people have made of it, and what the template has made of it; lines end with `\n`. */
export interface Versions {
  /** `undefined` where nobody knows it any more. */
  base: string | undefined;
  mine: string;
  theirs: string;
  /** The version of the template, for the marks of a conflict. */
  label: string;
}

export interface Merged {
  text: string;
  /** Places where both have changed the same: each stands in the text between git's marks. */
  conflicts: number;
}

/** A way to bring two changes of one file together, in a file of `mergers/`. */
export interface Merger {
  takes(path: string): boolean;
  /** `undefined` where the file is not what its name says: the next merger is asked. */
  merge(versions: Versions): Merged | undefined;
}
