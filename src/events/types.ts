import { eventFiles, routingKeyOf, type Schema, type SchemaFile } from './schema-file.ts';
import { isSchema } from './walk.ts';

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/**
 * TypeScript of the events: one interface each, the names of all, and which data belongs to which. What a type cannot
 * say (patterns, bounds, conditions) stands in the schemas alone and is checked there. Written here rather than taken
 * from a generator, because those bring a code formatter of several megabytes along.
 */
export function typesOf(files: readonly SchemaFile[]): string {
  const events = eventFiles(files);
  const references = new Map(
    files.flatMap(({ schema, name }) =>
      schema.$id === undefined ? [] : [[schema.$id, typeName(schema, name)]],
    ),
  );
  const blocks = events.map(({ schema, name }) => {
    const own = typeName(schema, name);
    const refer = (reference: string): string => {
      const local = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
      if (local !== undefined) return `${own}${pascal(local)}`;
      if (reference === '#') return own;
      return references.get(reference) ?? 'unknown';
    };
    const inner = Object.entries(schema.$defs ?? {}).map(([key, definition]) =>
      declaration(`${own}${pascal(key)}`, definition, refer),
    );
    return [declaration(own, schema, refer), ...inner].join('\n\n');
  });
  const map = events.map(({ schema, name }) => `  ${name}: ${typeName(schema, name)};`);
  const keys = events.flatMap(({ schema, name }) => {
    const key = routingKeyOf(schema);
    return key === undefined ? [] : [`  ${name}: '${key}',`];
  });
  const schemas = events.map(({ schema, name }) => `  ${name}: '${schema.$id}',`);
  return [
    '// Generated from event-schemas/ by `qbtc events types`; a change there and the same command change it here.',
    ...blocks,
    `/** The data of every event, by its name. */\nexport interface EventData {\n${map.join('\n')}\n}`,
    'export type EventName = keyof EventData;',
    `/** Where events are published; an answer goes to whoever has asked. */\nexport const ROUTING_KEYS = {\n${keys.join('\n')}\n} as const;`,
    `/** The schema of each event, with its major version. */\nexport const SCHEMAS = {\n${schemas.join('\n')}\n} as const;`,
  ]
    .join('\n\n')
    .concat('\n');
}

function declaration(name: string, schema: Schema, refer: (reference: string) => string): string {
  const text = typeOf(schema, refer, '');
  const head = comment(schema.description, '');
  return text.startsWith('{') && !text.includes('\n} ')
    ? `${head}export interface ${name} ${text}`
    : `${head}export type ${name} = ${text};`;
}

function typeOf(schema: Schema, refer: (reference: string) => string, indent: string): string {
  if (typeof schema.$ref === 'string') return refer(schema.$ref);
  if (schema.const !== undefined) return literal(schema.const);
  if (Array.isArray(schema.enum)) return union(schema.enum.map(literal));
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const list = schema[keyword];
    if (Array.isArray(list) && schema.properties === undefined)
      return union(list.filter(isSchema).map((inner) => typeOf(inner, refer, indent)));
  }
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length === 0 && schema.properties === undefined) return 'unknown';
  return union(
    (types.length === 0 ? ['object'] : types).map((type) => {
      if (type === 'array') {
        const item = isSchema(schema.items) ? typeOf(schema.items, refer, indent) : 'unknown';
        return /[|&\n]/.test(item) ? `(${item})[]` : `${item}[]`;
      }
      if (type === 'object') return objectOf(schema, refer, indent);
      return PRIMITIVES[type] ?? 'unknown';
    }),
  );
}

function objectOf(schema: Schema, refer: (reference: string) => string, indent: string): string {
  const inside = `${indent}  `;
  const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) => {
    const mark = schema.required?.includes(name) ? '' : '?';
    return `${comment(inner.description, inside)}${inside}${key(name)}${mark}: ${typeOf(inner, refer, inside)};`;
  });
  const { additionalProperties: rest, unevaluatedProperties: closed } = schema;
  if (fields.length === 0 && isSchema(rest)) return `Record<string, ${typeOf(rest, refer, indent)}>`;
  const open = rest !== false && closed !== false;
  if (fields.length === 0) return open ? 'Record<string, unknown>' : 'Record<string, never>';
  if (open)
    fields.push(`${inside}/** What is not described is passed on. */\n${inside}[field: string]: unknown;`);
  return `{\n${fields.join('\n')}\n${indent}}`;
}

function typeName({ title }: Schema, name: string): string {
  return title !== undefined && /^[A-Z][A-Za-z0-9]*$/.test(title) ? title : pascal(name);
}

function pascal(name: string): string {
  return name.replace(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

function literal(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return `'${JSON.stringify(value).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  return distinct.length === 0 ? 'never' : distinct.join(' | ');
}

function comment(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${text.replace(/\*\//g, '*\\/').replace(/\s+/g, ' ')} */\n`;
}
