import { pluginsError } from '../../plugin-check.ts';
import { PLUGINS } from '../../plugin-registry.ts';
import { credential } from '../../schema/definitions.ts';
import type { AdminResource } from '../resource.ts';

export const credentials: AdminResource = {
  collection: 'credentials',
  kind: 'credential',
  identifiedBy: 'id',
  schema: credential,
  unsupported: ['POST', 'PATCH'],
  check(value) {
    const error = pluginsError(value.plugins, 'consumer');
    if (error !== undefined) return `invalid plugins configuration: ${error}`;
    const others = Object.keys(value.plugins ?? {}).some((name) => PLUGINS.get(name)?.type !== 'auth');
    return others ? 'only supports auth type plugins in consumer credential' : undefined;
  },
};
