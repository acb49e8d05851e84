import { isDeepStrictEqual } from 'node:util';
import type { GatewayObject } from '../../../model/gateway.ts';
import { completed } from '../plugin-check.ts';
import { PLUGINS } from '../plugin-registry.ts';
import type { Collection } from '../state/resources.ts';
import type { Store } from '../state/store.ts';

/** Whose plugins may share something with those of others. */
const WITH_PLUGINS: readonly Collection[] = [
  'routes',
  'services',
  'plugin_configs',
  'consumers',
  'consumer_groups',
  'global_rules',
];

type Plugins = Record<string, Record<string, unknown>>;

/** Configurations that count together (`group` of limit-count): those of one group must be one. */
export class PluginGroups {
  readonly #members = new Map<string, Record<string, unknown>>();

  /** What all resources have but the one that is to be replaced. */
  static of(store: Store, collection: Collection, id: string | undefined): PluginGroups {
    const groups = new PluginGroups();
    for (const each of WITH_PLUGINS) {
      for (const entry of store.values(each))
        if (each !== collection || entry.id !== id) groups.add(entry.value);
    }
    return groups;
  }

  /** Adds the plugins of a resource; gives APISIX's words where one is in a group and differs from the others there. */
  add(value: GatewayObject): string | undefined {
    for (const [name, group, configuration] of grouped(value)) {
      const key = JSON.stringify([name, group]);
      const { _meta: _, ...member } = configuration;
      const first = this.#members.get(key);
      if (first === undefined) this.#members.set(key, member);
      else if (!isDeepStrictEqual(first, member))
        return `failed to check the configuration of plugin ${name} err: group conf mismatched`;
    }
    return undefined;
  }
}

/** Whether a resource has a plugin that is in a group. */
export const isGrouped = (value: GatewayObject): boolean => !grouped(value).next().done;

function* grouped(value: GatewayObject): Generator<[string, string, Record<string, unknown>]> {
  for (const [name, configuration] of Object.entries((value.plugins ?? {}) as Plugins)) {
    const plugin = PLUGINS.get(name);
    const group = plugin?.groupOf?.(configuration);
    if (plugin !== undefined && group !== undefined) yield [name, group, completed(plugin, configuration)];
  }
}
