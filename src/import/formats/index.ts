import type { ExportFormat, ImportFormat } from '../../model/import.ts';
import type { RouteFormat, WritableFormat } from '../route-format.ts';

/** Every form that routes are read from, loaded when it is asked for. A new one is a file and a line. */
export const FORMATS: {
  [Name in ImportFormat]: () => Promise<{ format: Name extends ExportFormat ? WritableFormat : RouteFormat }>;
} = {
  adc: () => import('./adc.ts'),
  apisix: () => import('./apisix.ts'),
  deck: () => import('./deck.ts'),
  openapi: () => import('./openapi.ts'),
};
