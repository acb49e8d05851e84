import { compileExpression, ExpressionError } from '../../../../matching/expression.ts';
import type { GatewayObject } from '../../../../model/gateway.ts';
import { pluginsError } from '../../plugin-check.ts';
import { route } from '../../schema/definitions.ts';
import { type AdminResource, danglingReference } from '../resource.ts';
import { upstreamError } from './upstreams.ts';

export const routes: AdminResource = {
  collection: 'routes',
  kind: 'route',
  identifiedBy: 'id',
  schema: route,
  unsupported: [],
  filterFields: ['service_id', 'upstream_id'],
  check: (value, { store }) =>
    upstreamError(value.upstream as GatewayObject | undefined) ??
    danglingReference(store, 'upstreams', 'upstream', value.upstream_id) ??
    danglingReference(store, 'services', 'service', value.service_id) ??
    danglingReference(store, 'plugin_configs', 'plugin config', value.plugin_config_id) ??
    pluginsError(value.plugins, 'route') ??
    varsError(value.vars) ??
    unavailable(value),
};

function varsError(vars: unknown): string | undefined {
  if (vars === undefined) return undefined;
  try {
    compileExpression(vars);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return `failed to validate the 'vars' expression: ${error.message}`;
    throw error;
  }
}

/** Routes that this gateway cannot carry out are refused here, not served in another way than APISIX would. */
function unavailable(value: GatewayObject): string | undefined {
  for (const field of ['filter_func', 'script', 'script_id']) {
    if (value[field] !== undefined) return `property "${field}" is Lua, which this gateway does not run`;
  }
  return undefined;
}
