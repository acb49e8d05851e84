import { compileExpression, ExpressionError } from '../../matching/expression.ts';
import { type AnyPlugin, PLUGINS } from './plugins/registry.ts';
import { pluginMeta } from './schema/definitions.ts';
import { type JsonSchema, validationError, withDefaults } from './schema/validator.ts';

/** Where a configuration stands decides by which of the plugin's schemas it is checked. */
export type Place = 'route' | 'consumer';

const withMeta = new WeakMap<JsonSchema, JsonSchema>();

/** The schema of a plugin at that place, with what every plugin may carry, as the Admin API shows it. */
export function schemaOf(plugin: AnyPlugin, place: Place): JsonSchema {
  if (place === 'consumer' && plugin.consumerSchema !== undefined) return plugin.consumerSchema;
  let schema = withMeta.get(plugin.schema);
  if (schema === undefined) {
    const properties = plugin.schema.properties as JsonSchema;
    schema = { ...plugin.schema, properties: { ...properties, _meta: pluginMeta } };
    schema.$comment = 'this is a mark for our injected plugin schema';
    withMeta.set(plugin.schema, schema);
  }
  return schema;
}

/** What is wrong with the plugins of a resource, in APISIX's words; a plugin that this gateway lacks is an error. */
export function pluginsError(plugins: unknown, place: Place): string | undefined {
  for (const [name, configuration] of Object.entries((plugins ?? {}) as Record<string, unknown>)) {
    const plugin = PLUGINS.get(name);
    if (plugin === undefined) return `unknown plugin [${name}]`;
    if (typeof configuration !== 'object' || configuration === null) {
      return `invalid plugin conf ${JSON.stringify(configuration)} for plugin [${name}]`;
    }
    const error = configurationError(plugin, configuration as Record<string, unknown>, place);
    if (error !== undefined) return `failed to check the configuration of plugin ${name} err: ${error}`;
  }
  return undefined;
}

function configurationError(plugin: AnyPlugin, configuration: Record<string, unknown>, place: Place) {
  const schema = schemaOf(plugin, place);
  const error = validationError(schema, configuration);
  if (error !== undefined || schema === plugin.consumerSchema) return error;
  const meta = configuration._meta as { pre_function?: string; filter?: unknown[] } | undefined;
  if (meta?.pre_function !== undefined)
    return 'property "_meta.pre_function" is Lua, which this gateway does not run';
  if (meta?.filter !== undefined) {
    try {
      compileExpression(meta.filter);
    } catch (thrown) {
      if (!(thrown instanceof ExpressionError)) throw thrown;
      return `failed to validate the 'vars' expression: ${thrown.message}`;
    }
  }
  return plugin.check?.(configuration);
}

/** The configuration with defaults, as the plugin's `compile` takes it. */
export function completed(
  plugin: AnyPlugin,
  configuration: Record<string, unknown>,
): Record<string, unknown> {
  return withDefaults(plugin.schema, configuration);
}
