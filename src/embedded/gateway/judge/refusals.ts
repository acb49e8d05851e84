import type { GatewayObject } from '../../../model/gateway.ts';
import { PluginGroups } from '../admin/plugin-groups.ts';
import { errorOf } from '../admin/resource.ts';
import { RESOURCES } from '../admin/resources/registry.ts';
import type { Collection } from '../state/resources.ts';

/** An object as it would be written to the Admin API. */
export interface Declared {
  collection: Collection;
  /** As in the path; a credential's is `USERNAME/ID`. */
  id: string;
  value: GatewayObject;
}

export interface Refusal {
  /** Which of the objects. */
  index: number;
  /** The words of the Admin API. */
  reason: string;
}

/**
 * Says what this gateway would refuse of a declaration, without one that runs. References are not looked at. An object
 * of which a plugin is refused is judged again without it, so that each plugin is told.
 */
export function refusalsOf(declared: readonly Declared[]): Refusal[] {
  const groups = new PluginGroups();
  return declared.flatMap(({ collection, id, value }, index) => {
    const resource = RESOURCES[collection];
    const named = id.slice(id.indexOf('/') + 1);
    const reasons: Refusal[] = [];
    let judged = collection === 'consumers' ? value : { ...value, id: named };
    for (;;) {
      const reason = errorOf(resource, judged, { store: undefined, groups, id: named });
      if (reason === undefined) return reasons;
      reasons.push({ index, reason });
      const rest = withoutPlugin(judged, reason);
      if (rest === undefined) return reasons;
      judged = rest;
    }
  });
}

/** The object without the plugin that the words are about; `undefined` when they are about none. */
function withoutPlugin(value: GatewayObject, reason: string): GatewayObject | undefined {
  const name = /^unknown plugin \[([^\]]+)\]|plugin (\S+) err: /.exec(reason)?.slice(1).find(Boolean);
  const { [name ?? '']: refused, ...plugins } = (value.plugins ?? {}) as Record<string, unknown>;
  return refused === undefined ? undefined : { ...value, plugins };
}
