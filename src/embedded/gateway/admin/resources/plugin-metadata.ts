import { PLUGINS } from '../../plugins/registry.ts';
import { validationError } from '../../schema/validator.ts';
import type { AdminResource } from '../resource.ts';

const anything = { type: 'object' };

export const pluginMetadata: AdminResource = {
  collection: 'plugin_metadata',
  kind: 'plugin_metadata',
  identifiedBy: 'plugin',
  schema: anything,
  unsupported: ['POST', 'PATCH'],
  check(value, { id }) {
    if (id === undefined) return 'missing plugin name';
    const plugin = PLUGINS.get(id);
    if (plugin === undefined) return 'invalid plugin name';
    const error = validationError(plugin.metadataSchema ?? anything, value);
    return error === undefined ? undefined : `invalid configuration: ${error}`;
  },
};
