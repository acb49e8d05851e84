import { metadataError } from '../../plugin-check.ts';
import type { AdminResource } from '../resource.ts';

export const pluginMetadata: AdminResource = {
  collection: 'plugin_metadata',
  kind: 'plugin_metadata',
  identifiedBy: 'plugin',
  schema: { type: 'object' },
  unsupported: ['POST', 'PATCH'],
  check: (value, { id }) => (id === undefined ? 'missing plugin name' : metadataError(id, value)),
};
