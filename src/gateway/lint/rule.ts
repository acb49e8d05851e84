import type { GatewayKind, GatewayObject, GatewayState } from '../../model/gateway.ts';

/** Something about a declared object that the gateway would take, and that its author cannot have meant. */
export interface LintProblem {
  kind: GatewayKind;
  id: string;
  /** The field that it is about. */
  path?: readonly (string | number)[];
  message: string;
  /** What would mend it. */
  fix: string;
  /** The known word that was most likely meant. */
  nearest?: string;
}

/** One thing that `lint` looks for. One file a rule in `rules/`, each a pure function of what is declared. */
export interface LintRule {
  /** As it is shown and documented: `duplicate-uri`. */
  code: string;
  /** `error`: the declaration cannot work as it is meant. `warning`: it works, and somebody may be surprised. */
  severity: 'error' | 'warning';
  check(state: GatewayState): LintProblem[];
}

type Plugins = Record<string, Record<string, unknown>>;

/** The plugins that run for a route: its own over those of its plugin config, over those of its service. */
export function pluginsOf(state: GatewayState, route: GatewayObject): Plugins {
  const referred = (kind: 'service' | 'plugin_config', id: unknown) =>
    id === undefined ? undefined : (state[kind].get(String(id))?.plugins as Plugins | undefined);
  const merged: Plugins = {
    ...referred('service', route.service_id),
    ...referred('plugin_config', route.plugin_config_id),
    ...(route.plugins as Plugins | undefined),
  };
  return Object.fromEntries(Object.entries(merged).filter(([, configuration]) => !isDisabled(configuration)));
}

/** The plugins that run for every request. */
export function globalPluginsOf(state: GatewayState): Plugins {
  return Object.assign({}, ...[...state.global_rule.values()].map(({ plugins }) => plugins));
}

export function isDisabled(configuration: unknown): boolean {
  const meta = (configuration as { _meta?: { disable?: boolean } } | null)?._meta;
  return meta?.disable === true;
}
