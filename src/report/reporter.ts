import type { Document } from './document.ts';

export interface ReportOptions {
  /** Columns of the output. */
  width: number;
  /** Whether colour may be used. It never carries meaning alone. */
  color: boolean;
  /** More detail, and stack traces of defects. */
  verbose: boolean;
}

/** Turns a document into text, without a line feed at its end. Prints nothing. A file in `reporters/`, a line in `index.ts`. */
export type Reporter = (document: Document, options: ReportOptions) => string;
