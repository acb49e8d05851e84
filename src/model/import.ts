import type { GatewayKind, GatewayObject, SourcePlace } from './gateway.ts';

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

/** What routes are read from. */
export const IMPORT_FORMATS = ['adc', 'apisix', 'deck', 'openapi'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What routes are written as. */
export const EXPORT_FORMATS = ['adc', 'apisix'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** One object of a gateway as a file has it; a credential by `USERNAME/ID`. */
export interface ImportedObject {
  kind: GatewayKind;
  id: string;
  /** Text in it may hold references, as in the files of the stack; a plain `${` is doubled. */
  object: GatewayObject;
  /** Where it stands in what was imported. */
  place?: SourcePlace;
}
