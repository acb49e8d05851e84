import { eventFiles, eventOf, queueOf, routingKeyOf, type Schema, type SchemaFile } from './schema-file.ts';
import { isSchema, schemasIn } from './walk.ts';

/** What a service does with an event, for the page. */
export interface Participant {
  service: string;
  publishes: readonly string[];
  consumes: readonly string[];
}

/** A page in Markdown: every event with its fields, who says it and who hears it, and an example. */
export function docsOf(files: readonly SchemaFile[], participants: readonly Participant[] = []): string {
  const events = eventFiles(files);
  const envelope = files.find(({ name }) => name === 'envelope');
  const lines = [
    '# Events',
    '',
    'Generated from `event-schemas/` by `qbtc events docs`.',
    '',
    '| Event | Routing key | What it says |',
    '| --- | --- | --- |',
    ...events.map(
      ({ name, schema }) =>
        `| [${name}](#${name}) | ${code(routingKeyOf(schema))} | ${cell(firstSentence(schema.description))} |`,
    ),
    '',
  ];
  for (const { name, schema } of events) {
    const key = routingKeyOf(schema);
    const who = (say: (participant: Participant) => readonly string[]) =>
      participants.filter((each) => key !== undefined && say(each).includes(key)).map((each) => each.service);
    const [publishers, consumers] = [who((each) => each.publishes), who((each) => each.consumes)];
    lines.push(
      `## ${name}`,
      '',
      schema.description ?? '',
      '',
      `- Version: ${eventOf(schema)?.major ?? ''} (\`${schema.$id}\`)`,
      ...(key === undefined ? ['- An answer: it goes to whoever has asked.'] : [`- Routing key: \`${key}\``]),
      ...(queueOf(schema) === undefined ? [] : [`- Queue: ${code(queueOf(schema))}`]),
      ...(publishers.length === 0 ? [] : [`- Published by ${publishers.join(', ')}`]),
      ...(consumers.length === 0 ? [] : [`- Consumed by ${consumers.join(', ')}`]),
      '',
      ...fieldTable(schema),
      ...exampleOf(schema),
    );
  }
  if (envelope !== undefined)
    lines.push('## The envelope', '', envelope.schema.description ?? '', '', ...fieldTable(envelope.schema));
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

function fieldTable(schema: Schema): string[] {
  const rows = [...schemasIn(schema)].flatMap(({ schema: inner, path, field, required }) => {
    if (field === undefined) return [];
    const description = inner.description ?? '';
    return [
      `| ${code(nameOf(path))} | ${cell(kindOf(inner))} | ${required ? 'yes' : ''} | ${cell(description)} |`,
    ];
  });
  if (rows.length === 0) return ['It has no fields.', ''];
  return ['| Field | Type | Required | Meaning |', '| --- | --- | --- | --- |', ...rows, ''];
}

/** `gates[].name`; a definition that several fields share is named after itself. */
function nameOf(path: readonly (string | number)[]): string {
  const parts: string[] = [];
  for (const [index, part] of path.entries()) {
    const keyword = path[index - 1];
    if (keyword === 'properties') parts.push(String(part));
    else if (keyword === '$defs') parts.push(`(${String(part)})`);
    else if (part === 'items') parts.push(`${parts.pop() ?? ''}[]`);
  }
  return parts.join('.');
}

function kindOf(schema: Schema): string {
  if (typeof schema.$ref === 'string') return `(${schema.$ref.split('/').at(-1)})`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((each) => JSON.stringify(each)).join(', ');
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const list = schema[keyword];
    if (Array.isArray(list)) return list.filter(isSchema).map(kindOf).join(' or ');
  }
  const types = [schema.type ?? 'anything'].flat();
  const format = typeof schema.format === 'string' ? ` (${schema.format})` : '';
  const bounds = [
    ...(schema.minimum === undefined ? [] : [`from ${String(schema.minimum)}`]),
    ...(schema.maximum === undefined ? [] : [`to ${String(schema.maximum)}`]),
  ].join(' ');
  return `${types.join(' or ')}${format}${bounds === '' ? '' : `, ${bounds}`}`;
}

function exampleOf({ examples }: Schema): string[] {
  if (examples?.[0] === undefined) return [];
  return ['```json', JSON.stringify(examples[0], undefined, 2), '```', ''];
}

function firstSentence(text = ''): string {
  return /^.*?[.:;](?=\s|$)/.exec(text)?.[0].replace(/[:;]$/, '.') ?? text;
}

function code(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `\`${text}\``;
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/\s+/g, ' ');
}
