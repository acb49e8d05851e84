import { type Node, References } from './references.ts';
import { eventFiles, queueOf, routingKeyOf, type Schema, type SchemaFile } from './schema-file.ts';
import { key, literal, TypeNames, union } from './typescript.ts';
import { isSchema } from './walk.ts';

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};
/** What the generated text itself declares or means. */
const TAKEN = ['EventData', 'EventName', 'DESTINATIONS', 'SCHEMAS', 'Record'];

/**
 * TypeScript of the events: one interface each, the names of all, which data belongs to which, and where each goes. What
 * a type cannot say (patterns, bounds, conditions) stands in the schemas alone and is checked there. Written here rather
 * than taken from a generator, because those bring a code formatter of several megabytes along.
 *
 * @param others contracts that these may refer to
 */
export function typesOf(
  files: readonly SchemaFile[],
  { exchange, others = [] }: { exchange: string; others?: readonly SchemaFile[] },
): string {
  const events = eventFiles(files);
  const declarations = new Declarations(files, others);
  for (const { schema } of events) declarations.declare(schema);
  declarations.declareReferred();
  const nameOf = (schema: Schema) => declarations.names.of(schema);
  const map = events.map(({ schema, name }) => `  ${name}: ${nameOf(schema)};`);
  const destinations = events.flatMap(({ schema, name }) => {
    const [routingKey, queue] = [routingKeyOf(schema), queueOf(schema)];
    if (routingKey === undefined) return [];
    const fields = Object.entries({ exchange, routingKey, queue }).flatMap(([field, value]) =>
      value === undefined ? [] : [`    ${field}: ${literal(value)},`],
    );
    return [`  ${name}: {\n${fields.join('\n')}\n  },`];
  });
  const schemas = events.map(({ schema, name }) => `  ${name}: ${literal(schema.$id)},`);
  return [
    '// Generated from the contracts in event-schemas/ by `qbtc events types`: change them, and run it again.',
    ...declarations.blocks,
    `/** The data of every event, by its name. */\nexport interface EventData {\n${map.join('\n')}\n}`,
    'export type EventName = keyof EventData;',
    `/** Where events go, and from which queue those who share them take them; an answer goes to whoever has asked. */\nexport const DESTINATIONS = {\n${destinations.join('\n')}\n} as const;`,
    `/** The schema of each event, with its major version. */\nexport const SCHEMAS = {\n${schemas.join('\n')}\n} as const;`,
  ]
    .join('\n\n')
    .concat('\n');
}

/** Where a type stands: what is within a field or an item may lead back to what is being declared. */
interface At {
  indent: string;
  declared: Schema;
  inside: boolean;
}

/** Declares every schema that is referred to, wherever it stands, under one name. */
class Declarations {
  readonly blocks: string[] = [];
  readonly names = new TypeNames(TAKEN);
  readonly #references: References;
  readonly #begun = new Set<Schema>();
  readonly #waiting: Schema[] = [];

  constructor(own: readonly SchemaFile[], others: readonly SchemaFile[]) {
    const files = [...own, ...others];
    this.#references = new References(files);
    const events = eventFiles(own);
    // The events have the first choice of names, then their definitions, then what others bring.
    const inOrder = [...events, ...files.filter((file) => !events.includes(file))];
    for (const { schema, name } of inOrder) this.names.give(schema, titleOf(schema) ?? name);
    for (const { schema } of inOrder)
      for (const definitions of [schema.$defs, schema.definitions])
        for (const [name, definition] of Object.entries(isSchema(definitions) ? definitions : {}))
          if (isSchema(definition)) this.names.give(definition, `${this.names.of(schema)}_${name}`);
  }

  /** The schema with its definitions. */
  declare(schema: Schema): void {
    for (const each of [schema, ...Object.values(schema.$defs ?? {}).filter(isSchema)]) this.#add(each);
  }

  /** Everything that the declared ones lead to. */
  declareReferred(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#add(next);
  }

  #add(schema: Schema): void {
    if (this.#begun.has(schema)) return;
    this.#begun.add(schema);
    this.blocks.push(this.#declaration(this.names.of(schema), schema));
  }

  #declaration(name: string, schema: Schema): string {
    const text = this.#typeOf(schema, { indent: '', declared: schema, inside: false });
    const head = comment(schema.description, '');
    return text.startsWith('{') && text.indexOf('\n}') === text.length - 2
      ? `${head}export interface ${name} ${text}`
      : `${head}export type ${name} = ${text};`;
  }

  #typeOf(node: Node | undefined, at: At): string {
    if (node === undefined || node === true) return 'unknown';
    if (node === false) return 'never';
    const together = [
      ...(typeof node.$ref === 'string' ? [this.#refer(node, node.$ref, at)] : []),
      this.#own(node, at),
      ...listOf(node.allOf).map((each) => this.#typeOf(each, at)),
    ].filter((type) => type !== 'unknown');
    const distinct = [...new Set(together)];
    if (distinct.length <= 1) return distinct[0] ?? 'unknown';
    return distinct.map((type) => (/[|&]/.test(type) ? `(${type})` : type)).join(' & ');
  }

  #refer(schema: Schema, reference: string, { declared, inside }: At): string {
    const target = this.#references.target(schema, reference);
    if (!isSchema(target)) return this.#typeOf(target, { indent: '', declared, inside });
    // A type that is nothing but itself is none.
    if (!inside && this.#leadsTo(target, declared)) return 'unknown';
    this.names.give(target, `${this.names.of(declared)}_${reference.split(/[#/]/).at(-1) ?? ''}`);
    this.#waiting.push(target);
    return this.names.of(target);
  }

  #leadsTo(from: unknown, to: Schema, seen = new Set<unknown>()): boolean {
    if (from === to) return true;
    if (!isSchema(from) || seen.has(from)) return false;
    seen.add(from);
    const next: unknown[] = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => listOf(from[keyword]));
    if (typeof from.$ref === 'string') next.push(this.#references.target(from, from.$ref));
    return next.some((each) => this.#leadsTo(each, to, seen));
  }

  /** What the schema itself says, without what it refers to. */
  #own(schema: Schema, at: At): string {
    if (schema.const !== undefined) return literal(schema.const);
    if (Array.isArray(schema.enum)) return union(schema.enum.map(literal));
    for (const keyword of ['anyOf', 'oneOf'] as const)
      if (Array.isArray(schema[keyword]) && schema.properties === undefined)
        return union(listOf(schema[keyword]).map((inner) => this.#typeOf(inner, at)));
    const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
    if (types.length === 0 && schema.properties === undefined) return 'unknown';
    return union(
      (types.length === 0 ? ['object'] : types).map((type) => {
        if (type === 'array') return this.#array(schema, at);
        if (type === 'object') return this.#object(schema, at);
        return PRIMITIVES[type] ?? 'unknown';
      }),
    );
  }

  #array({ items, prefixItems }: Schema, at: At): string {
    const inside = { ...at, inside: true };
    const first = listOf(prefixItems).map((each) => this.#typeOf(each, inside));
    const rest = this.#typeOf(items as Node | undefined, inside);
    const item = union([...first, ...(rest === 'never' && first.length > 0 ? [] : [rest])]);
    return /[|&\n]/.test(item) ? `(${item})[]` : `${item}[]`;
  }

  #object(schema: Schema, { indent, declared }: At): string {
    const below: At = { indent: `${indent}  `, declared, inside: true };
    const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) => {
      const mark = schema.required?.includes(name) ? '' : '?';
      const about = isSchema(inner) ? comment(inner.description, below.indent) : '';
      return `${about}${below.indent}${key(name)}${mark}: ${this.#typeOf(inner, below)};`;
    });
    const { additionalProperties: rest, unevaluatedProperties: closed, patternProperties } = schema;
    if (fields.length === 0 && isSchema(rest) && patternProperties === undefined) {
      const type = this.#typeOf(rest, { indent, declared, inside: true });
      // `Record` is looked into at once, which a type that leads back to itself does not outlive.
      return typeof rest.$ref === 'string' || /[\n&]/.test(type)
        ? `{ [field: string]: ${type} }`
        : `Record<string, ${type}>`;
    }
    const open = (rest !== false && closed !== false) || patternProperties !== undefined;
    if (fields.length === 0) {
      // Closed beside others it says nothing of the fields that those describe.
      const isJoined = schema.$ref !== undefined || schema.allOf !== undefined;
      if (open) return 'Record<string, unknown>';
      return isJoined && rest !== false ? 'unknown' : 'Record<string, never>';
    }
    if (open)
      fields.push(
        `${below.indent}/** What is not described is passed on. */\n${below.indent}[field: string]: unknown;`,
      );
    return `{\n${fields.join('\n')}\n${indent}}`;
  }
}

function listOf(value: unknown): Node[] {
  return Array.isArray(value) ? (value as Node[]) : [];
}

function titleOf({ title }: Schema): string | undefined {
  return title !== undefined && /^[A-Z][A-Za-z0-9]*$/.test(title) ? title : undefined;
}

function comment(text: string | undefined, indent: string): string {
  return typeof text === 'string'
    ? `${indent}/** ${text.replace(/\*\//g, '*\\/').replace(/\s+/g, ' ')} */\n`
    : '';
}
