import { APISIX_PLUGINS } from '../../model/apisix-plugins.ts';
import { fieldError } from './http/field-text.ts';
import { type AnyPlugin, PLUGINS } from './plugin-registry.ts';
import { pluginMeta } from './schema/definitions.ts';
import { type JsonSchema, validationError, withDefaults } from './schema/validator.ts';
import { referenceError } from './secret-references.ts';
import { unavailable, unavailableLua } from './unavailable.ts';
import { varsError } from './vars-check.ts';

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
    if (plugin === undefined) return withLack(`unknown plugin [${name}]`, name);
    if (typeof configuration !== 'object' || configuration === null) {
      return `invalid plugin conf ${JSON.stringify(configuration)} for plugin [${name}]`;
    }
    const error = configurationError(plugin, configuration as Record<string, unknown>, place);
    if (error !== undefined) return `failed to check the configuration of plugin ${name} err: ${error}`;
  }
  return undefined;
}

/** What is wrong with the metadata of a plugin. */
export function metadataError(name: string, metadata: Record<string, unknown>): string | undefined {
  const plugin = PLUGINS.get(name);
  if (plugin === undefined) return withLack('invalid plugin name', name);
  const error = validationError(plugin.metadataSchema ?? ANYTHING, metadata) ?? referenceError(metadata);
  if (error !== undefined) return `invalid configuration: ${error}`;
  return unfitField(plugin, metadata);
}

function unfitField(plugin: AnyPlugin, configuration: Record<string, unknown>): string | undefined {
  const fields = plugin.fieldsOf?.(configuration) ?? [];
  return fieldError(
    fields.flatMap(([name, value]) =>
      name === undefined || value === undefined ? [] : [[String(name), value] as const],
    ),
  );
}

const ANYTHING = { type: 'object' };

/** APISIX's words, and that it has the plugin where this gateway alone lacks it. */
function withLack(words: string, plugin: string): string {
  return APISIX_PLUGINS.has(plugin) ? `${words}: ${unavailable(`plugin "${plugin}"`)}` : words;
}

function configurationError(plugin: AnyPlugin, configuration: Record<string, unknown>, place: Place) {
  const schema = schemaOf(plugin, place);
  const error = validationError(schema, configuration) ?? referenceError(configuration);
  if (error !== undefined) return error;
  if (schema === plugin.consumerSchema) return plugin.checkConsumer?.(configuration);
  const meta = configuration._meta as { pre_function?: string; filter?: unknown[] } | undefined;
  if (meta?.pre_function !== undefined) return unavailableLua('_meta.pre_function');
  const filterError = meta?.filter === undefined ? undefined : varsError(meta.filter);
  return filterError ?? unfitField(plugin, configuration) ?? plugin.check?.(configuration);
}

/** The configuration with defaults, as the plugin's `compile` takes it. */
export function completed(
  plugin: AnyPlugin,
  configuration: Record<string, unknown>,
): Record<string, unknown> {
  return withDefaults(plugin.schema, configuration);
}
