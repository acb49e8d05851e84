import { pluginsError } from '../../plugin-check.ts';
import { globalRule } from '../../schema/definitions.ts';
import type { AdminResource } from '../resource.ts';

export const globalRules: AdminResource = {
  collection: 'global_rules',
  kind: 'global rule',
  identifiedBy: 'id',
  schema: globalRule,
  unsupported: ['POST'],
  check: (value) => pluginsError(value.plugins, 'route'),
};
