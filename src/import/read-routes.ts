import type { ImportFormat } from '../model/import.ts';
import { FORMATS } from './formats/index.ts';
import type { ImportedRoutes, ReadOptions } from './route-format.ts';
import type { SourceText } from './source.ts';

/**
 * Reads a file of another tool as objects of the gateway.
 * @throws QbtcError `IMPORT_UNREADABLE`
 */
export async function readRoutes(
  name: ImportFormat,
  source: SourceText,
  options: ReadOptions = {},
): Promise<ImportedRoutes> {
  const { format } = await FORMATS[name]();
  return format.read(source, options);
}
