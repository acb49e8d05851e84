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
  /** What files of this form are called, for messages. */
  title: string;
  /**
   * Reads a file as objects of APISIX. What has no counterpart there, or none that does exactly the same, is among the
   * losses.
   *
   * @throws QbtcError `IMPORT_UNREADABLE` when the file is none of this form
   */
  read(source: SourceText, options: ReadOptions): ImportedRoutes;
  /** Writes objects so that reading them gives the same again; left out where the form cannot hold them. */
  write?(objects: readonly ImportedObject[]): ExportedRoutes;
}
