import type { Collection } from '../../state/resources.ts';
import type { AdminResource } from '../resource.ts';
import { consumerGroups } from './consumer-groups.ts';
import { consumers } from './consumers.ts';
import { credentials } from './credentials.ts';
import { globalRules } from './global-rules.ts';
import { pluginConfigs } from './plugin-configs.ts';
import { pluginMetadata } from './plugin-metadata.ts';
import { routes } from './routes.ts';
import { services } from './services.ts';
import { ssls } from './ssls.ts';
import { upstreams } from './upstreams.ts';

/** Every collection of the store, as the Admin API serves it. */
export const RESOURCES: Record<Collection, AdminResource> = {
  ssls,
  routes,
  services,
  upstreams,
  consumers,
  credentials,
  consumer_groups: consumerGroups,
  plugin_configs: pluginConfigs,
  plugin_metadata: pluginMetadata,
  global_rules: globalRules,
};
