import { createHash } from 'node:crypto';
import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import { isRecord } from '../../record.ts';
import type { GatewayDriver } from '../driver.ts';
import { type AdminApi, adminRequests } from '../driver-support/admin-requests.ts';
import {
  type ConfigurationStore,
  type ItemChange,
  itemId,
  wholeConfiguration,
} from '../driver-support/whole-configuration.ts';

/** `invalid routes at index 3, err: …`: the item that the configuration is refused for, in APISIX's own words. */
const REFUSED_ITEM = /^invalid (\w+) at index (\d+), err: (.*)$/s;

/**
 * The Admin API of a standalone APISIX (3.13 and later, `role: traditional` with `config_provider: yaml`): one
 * `PUT /apisix/admin/configs` with everything. The gateway keeps it in memory: what a restart lost, the next sync
 * brings back.
 */
export function apisixStandaloneApi(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  api: AdminApi,
): GatewayDriver {
  const { request } = adminRequests(context, api);
  let current: Record<string, unknown> = {};

  const store: ConfigurationStore = {
    async read() {
      const { status, json } = await request('GET', '/configs', { expected: [200, 404] });
      if (status === 404) {
        throw new QbtcError(
          'GATEWAY_NOT_APISIX',
          `the Admin API at ${api.url} is not that of a standalone APISIX`,
          {
            hint: 'leave `mode` out for an APISIX with etcd; in the standalone mode it needs `config_provider: yaml` and version 3.13',
          },
        );
      }
      current = json;
      return json;
    },
    async write(changes) {
      const { configuration, changed } = merged(current, changes);
      const body = JSON.stringify(configuration);
      try {
        await request('PUT', '/configs', {
          body: configuration,
          // The same digest is answered with 204: nothing to do.
          headers: { 'x-digest': createHash('sha256').update(body).digest('hex') },
          expected: [200, 202, 204],
        });
      } catch (error) {
        const [, list, index, reason] =
          (error instanceof QbtcError && REFUSED_ITEM.exec(error.message)) || [];
        const change = list === undefined ? undefined : changed.get(`${list} ${index}`);
        if (change === undefined || reason === undefined) throw error;
        return { index: change, reason };
      }
      current = configuration;
      return undefined;
    },
  };
  return wholeConfiguration(store);
}

/** The configuration with the changes in it, and which change stands at which place of which list. */
function merged(
  current: Record<string, unknown>,
  changes: readonly ItemChange[],
): { configuration: Record<string, unknown>; changed: Map<string, number> } {
  const lists = new Map<string, Map<string, unknown>>();
  const configuration: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(current)) {
    // Versions count up by themselves when they are left out.
    if (name.endsWith('_conf_version') || name.startsWith('X-')) continue;
    configuration[name] = value;
    if (!Array.isArray(value)) continue;
    lists.set(name, new Map(value.map((item, index) => [itemId(name, item) ?? `\0${index}`, item])));
  }
  for (const { list, id, item } of changes) {
    let items = lists.get(list);
    if (items === undefined) {
      items = new Map();
      lists.set(list, items);
    }
    if (item === undefined) items.delete(id);
    else items.set(id, item);
  }
  const changed = new Map<string, number>();
  for (const [name, items] of lists) {
    configuration[name] = [...items.values()];
    const places = new Map([...items.keys()].map((id, place) => [id, place]));
    for (const [index, { list, id, item }] of changes.entries()) {
      if (list === name && isRecord(item)) changed.set(`${name} ${places.get(id)}`, index);
    }
  }
  return { configuration, changed };
}
