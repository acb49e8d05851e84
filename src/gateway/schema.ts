import type { GatewayKind, GatewayObject } from '../model/gateway.ts';
import { difference, type Explains } from '../reconcile/difference.ts';
import { isRecord } from '../record.ts';

/** A JSON Schema as the gateway's Admin API hands it out. Only its defaults are read here. */
export interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  default?: unknown;
  [keyword: string]: unknown;
}

/** The schema of a kind, of a plugin on a route or service, or of a plugin on a consumer. */
export type SchemaName = GatewayKind | `plugins/${string}` | `consumer-plugins/${string}`;

export type Schemas = ReadonlyMap<SchemaName, JsonSchema>;

/** Keywords under which further properties, with further defaults, may stand. */
const BRANCHES = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'dependencies'];

/**
 * APISIX before 3.14 stores an object with the defaults of its schemas filled in, newer ones as it was sent.
 * This tells a stored default from a field that somebody added: by the schemas of that very gateway, so that it
 * holds for any version and for plugins that we have never heard of. A plugin that is there undeclared is never a
 * default.
 */
export function storedDefaults(kind: GatewayKind, schemas: Schemas): Explains {
  return (path, value) => {
    let candidates = [schemas.get(kind) ?? {}];
    let rest = path;
    if (path[0] === 'plugins') {
      if (path.length < 3) return false;
      candidates = [schemas.get(pluginSchema(kind, path[1] ?? '')) ?? {}];
      rest = path.slice(2);
    }
    for (const name of rest) candidates = candidates.flatMap((schema) => propertySchemas(schema, name));
    return candidates.some((schema) => isDefaultOf(schema, value));
  };
}

/**
 * Names the schemas that are needed to judge the fields that are there undeclared. None, where nothing but what was
 * declared is stored: then no request is spent on them.
 */
export function schemasToAsk(kind: GatewayKind, declared: GatewayObject, there: GatewayObject): SchemaName[] {
  const names = new Set<SchemaName>();
  difference(declared, there, (path) => {
    if (path[0] !== 'plugins') names.add(kind);
    else if (path.length > 2) names.add(pluginSchema(kind, path[1] ?? ''));
    return true;
  });
  return [...names];
}

export function pluginSchema(kind: GatewayKind, plugin: string): SchemaName {
  return kind === 'consumer' || kind === 'credential' ? `consumer-plugins/${plugin}` : `plugins/${plugin}`;
}

/** What a validator fills in: the default, and within it the defaults of its own properties. */
function isDefaultOf(schema: JsonSchema, value: unknown): boolean {
  if (schema.default === undefined) return false;
  const within: Explains = (path, extra) => {
    let candidates = [schema];
    for (const name of path) candidates = candidates.flatMap((each) => propertySchemas(each, name));
    return candidates.some((each) => isDefaultOf(each, extra));
  };
  return difference(schema.default, value, within).length === 0;
}

function propertySchemas(schema: JsonSchema, name: string): JsonSchema[] {
  const found: JsonSchema[] = [];
  const own = schema.properties?.[name];
  if (own) found.push(own);
  if (schema.items && /^\d+$/.test(name)) found.push(schema.items);
  for (const keyword of BRANCHES) {
    const branch = schema[keyword];
    if (!isRecord(branch) && !Array.isArray(branch)) continue;
    // `if`, `then` and `else` are schemas themselves; the others hold several.
    const parts =
      keyword === 'if' || keyword === 'then' || keyword === 'else' ? [branch] : Object.values(branch);
    for (const part of parts) if (isRecord(part)) found.push(...propertySchemas(part as JsonSchema, name));
  }
  return found;
}
