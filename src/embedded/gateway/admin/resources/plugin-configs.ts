import { pluginsError } from '../../plugin-check.ts';
import { pluginConfig } from '../../schema/definitions.ts';
import { type AdminResource, referrerIn } from '../resource.ts';

export const pluginConfigs: AdminResource = {
  collection: 'plugin_configs',
  kind: 'plugin config',
  identifiedBy: 'id',
  schema: pluginConfig,
  unsupported: ['POST'],
  check: (value) => pluginsError(value.plugins, 'route'),
  referrer(store, id) {
    const route = referrerIn(store, 'routes', 'plugin_config_id', id);
    return route && `can not delete this plugin config, route [${route}] is still using it now`;
  },
};
