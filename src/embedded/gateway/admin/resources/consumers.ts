import { pluginsError } from '../../plugin-check.ts';
import { consumer } from '../../schema/definitions.ts';
import { type AdminResource, danglingReference } from '../resource.ts';

export const consumers: AdminResource = {
  collection: 'consumers',
  kind: 'consumer',
  identifiedBy: 'username',
  schema: consumer,
  unsupported: ['POST', 'PATCH'],
  check(value, { store, id }) {
    if (id !== undefined && id !== value.username) return 'wrong username';
    const plugins = pluginsError(value.plugins, 'consumer');
    if (plugins !== undefined) return `invalid plugins configuration: ${plugins}`;
    return danglingReference(store, 'consumer_groups', 'consumer group', value.group_id);
  },
};
