import type { ImportedObject, Loss } from '../model/import.ts';
import type { SourceText } from './source.ts';

export interface ReadOptions {
  /** The upstream that everything goes to, where the caller has named a service of the stack. */
  upstream?: string;
}

export interface ImportedRoutes {
  objects: ImportedObject[];
  losses: Loss[];
}

/** What was written, and what of it the format has no place for: sentences, as it stands in no file. */
export interface ExportedRoutes {
  text: string;
  losses: string[];
}

/**
 * A form in which other tools write down what a gateway holds. A file in `formats/` exports one as `format`;
 * `formats/index.ts` names it.
 */
export interface RouteFormat {
  /**
   * Reads a file as objects of APISIX. What has no counterpart there, or none that does exactly the same, is among the
   * losses.
   *
   * @throws QbtcError `IMPORT_UNREADABLE` when the file is none of this form
   */
  read(source: SourceText, options: ReadOptions): ImportedRoutes;
  /** How it is written; left out where the form cannot hold what a gateway does. */
  writer?: RouteWriter;
}

export type WritableFormat = Required<RouteFormat>;

export interface RouteWriter {
  /** Writes objects so that reading them gives the same again. */
  write(objects: readonly ImportedObject[]): ExportedRoutes;
  /** What stands for the value of a variable. */
  reference(variable: string): string;
  /** A text in which nothing stands for a variable. */
  plain(text: string): string;
}
