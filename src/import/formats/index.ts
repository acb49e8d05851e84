import type { ImportFormat } from '../../model/import.ts';
import type { RouteFormat } from '../route-format.ts';

/** Every form that routes are read from, loaded when it is asked for. A new one is a file and a line. */
export const FORMATS: Record<ImportFormat, () => Promise<{ format: RouteFormat }>> = {
  adc: () => import('./adc.ts'),
  apisix: () => import('./apisix.ts'),
  deck: () => import('./deck.ts'),
  openapi: () => import('./openapi.ts'),
};
