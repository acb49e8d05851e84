import type { Answer } from '../answer.ts';
import { schemaOf } from '../plugin-check.ts';
import { PLUGINS } from '../plugin-registry.ts';
import type { JsonSchema } from '../schema/validator.ts';

const missing: Answer = { status: 404, body: { error_msg: 'plugin not found in subsystem http' } };

/** `GET /plugins/list`: the names, those that run first standing first. */
export function pluginNames(query: URLSearchParams): Answer {
  const subsystem = query.get('subsystem') ?? 'http';
  if (subsystem === 'stream') return { status: 200, body: [] };
  return subsystem === 'http'
    ? { status: 200, body: [...PLUGINS.keys()] }
    : { status: 400, body: 'invalid subsystem passed' };
}

/** `GET /plugins/NAME`, `GET /schema/plugins/NAME`, `GET /plugins?all=true`. */
export function pluginSchema(name: string | undefined, query: URLSearchParams): Answer {
  const subsystem = query.get('subsystem') ?? 'http';
  if (subsystem !== 'http' && subsystem !== 'stream') {
    return { status: 400, body: { error_msg: `unsupported subsystem: ${subsystem}` } };
  }
  if (query.get('all') === 'true') return { status: 200, body: subsystem === 'http' ? allPlugins() : {} };
  const plugin = subsystem === 'http' ? PLUGINS.get(name ?? '') : undefined;
  if (plugin === undefined) {
    return subsystem === 'http'
      ? missing
      : { status: 404, body: { error_msg: 'plugin not found in subsystem stream' } };
  }
  const schema = query.get('schema_type') === 'consumer' ? plugin.consumerSchema : schemaOf(plugin, 'route');
  return schema === undefined
    ? { status: 400, body: { error_msg: 'not found schema' } }
    : { status: 200, body: schema };
}

function allPlugins(): Record<string, object> {
  return Object.fromEntries(
    [...PLUGINS].map(([name, plugin]) => [
      name,
      {
        version: plugin.version,
        priority: plugin.priority,
        schema: schemaOf(plugin, 'route') satisfies JsonSchema,
        ...(plugin.type === undefined ? {} : { type: plugin.type }),
        ...(plugin.consumerSchema === undefined ? {} : { consumer_schema: plugin.consumerSchema }),
        ...(plugin.metadataSchema === undefined ? {} : { metadata_schema: plugin.metadataSchema }),
      },
    ]),
  );
}
