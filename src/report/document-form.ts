import type { Notice } from './notice.ts';
import type { Palette } from './palette.ts';

/** What a view may use. */
export interface Style {
  palette: Palette;
  width: number;
  verbose: boolean;
}

/** One view: a document of one kind as lines. */
export type View<Document> = (document: Document, style: Style) => string[];

export interface ReportOptions {
  /** Columns of the output. */
  width: number;
  /** Whether colour may be used. It never carries meaning alone. */
  color: boolean;
  /** More detail, and stack traces of defects. */
  verbose: boolean;
  /** The version of qbtc, for forms that name who tells. */
  version?: string;
  /** Where the command was given, and the top of the repository there: machines want files named from that, both absolute. */
  from?: { cwd: string; repository: string };
}

/** Formats that a kind may have a page of its own in. */
export const PAGE_FORMATS = ['html', 'junit', 'markdown', 'prometheus'] as const;
export type PageFormat = (typeof PAGE_FORMATS)[number];

/**
 * How documents of one kind are told. A folder in `documents/` exports it as `form`, beside the type of the document.
 * JSON is the document itself, without its kind, unless the form says otherwise: scripts read it, so it only ever grows.
 */
export interface DocumentForm<Document extends { kind: string }> {
  terminal: View<Document>;
  /** To be copied, or broken into lines by the view itself: no line is broken for the terminal. */
  verbatim?: true;
  json?: (document: Document) => unknown;
  /** One JSON object a line, where a document holds several. */
  jsonLines?: (document: Document) => unknown[];
  /** What GitHub, GitLab and editors show beside the lines of files. */
  notices?: (document: Document) => Notice[];
  /** Pages, each loaded when it is wanted; without one the terminal's text stands in. */
  pages?: Partial<
    Record<PageFormat, () => Promise<{ page: (document: Document, options: ReportOptions) => string }>>
  >;
}
