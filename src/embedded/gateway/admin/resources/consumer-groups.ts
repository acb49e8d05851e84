import { pluginsError } from '../../plugin-check.ts';
import { consumerGroup } from '../../schema/definitions.ts';
import { type AdminResource, referrerIn } from '../resource.ts';

export const consumerGroups: AdminResource = {
  collection: 'consumer_groups',
  kind: 'consumer group',
  identifiedBy: 'id',
  schema: consumerGroup,
  unsupported: ['POST'],
  check: (value) => pluginsError(value.plugins, 'route'),
  referrer(store, id) {
    const consumer = referrerIn(store, 'consumers', 'group_id', id);
    return consumer && `can not delete this consumer group, consumer [${consumer}] is still using it now`;
  },
};
