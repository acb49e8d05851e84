import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { serviceJsonSchema, stackJsonSchema } from '../../src/config/json-schema.ts';
import { INLINE_FILE } from './sample.ts';

const DOCS_FILE = fileURLToPath(new URL('../../docs/qbtc-yaml.md', import.meta.url));

interface Field {
  /** `services.*.routes[].uri` */
  name: string;
  schema: Record<string, unknown>;
}

/** Every key of the schema, with the names that the stack chooses as `*`. */
function fieldsOf(schema: unknown, name = ''): Field[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, additionalProperties, items, oneOf, anyOf } = schema as Record<string, unknown>;
  const members = [oneOf, anyOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [
    ...Object.entries(properties ?? {}).flatMap(([key, field]) => {
      const path = name === '' ? key : `${name}.${key}`;
      return [{ name: path, schema: field }, ...fieldsOf(field, path)];
    }),
    ...fieldsOf(additionalProperties, `${name}.*`),
    ...fieldsOf(items, `${name}[]`),
    ...members.flatMap((member) => fieldsOf(member, name)),
  ];
}

// `npm run schema` runs this one test and lets it write the file.
test.each([
  ['qbtc.schema.json', stackJsonSchema()],
  ['service.schema.json', serviceJsonSchema()],
])('the stored %s is up to date', async (name, schema) => {
  const file = fileURLToPath(new URL(`../../templates/stack/${name}`, import.meta.url));
  await expect(
    `${JSON.stringify(schema, null, 2)}\n`,
    `templates/stack/${name} is out of date: run "npm run schema"`,
  ).toMatchFileSnapshot(file);
});

test('every field is described', () => {
  const silent = [...fieldsOf(stackJsonSchema()), ...fieldsOf(serviceJsonSchema())].filter(
    ({ schema }) => !schema.description,
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test('every key has its own paragraph in docs/qbtc-yaml.md', async () => {
  const docs = await readFile(DOCS_FILE, 'utf8');
  const own = Object.keys(serviceJsonSchema().properties as object).map((key) => `service.yaml.${key}`);
  const beside = own.filter(
    (key) =>
      !fieldsOf(stackJsonSchema()).some(({ name }) => name === key.replace('service.yaml', 'services.*')),
  );
  const keys = [...new Set(fieldsOf(stackJsonSchema()).map(({ name }) => name)), ...beside];
  expect(keys.length).toBeGreaterThan(50);
  // A key stands in a table as `key`, in the section of what it belongs to.
  const sections = new Map(
    docs
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n', 1)[0]?.replaceAll('`', ''), section]),
  );
  const missing = keys.filter((key) => {
    const [, parent = '', last = ''] = /^(?:(.*)\.)?([^.]+)$/.exec(key) ?? [];
    const section = sections.get(parent === '' ? 'The top' : parent);
    return !section?.includes(`\`${last}\``);
  });
  expect(missing).toEqual([]);
});

test('the template satisfies it, and a wrong key does not', async () => {
  const validate = new Ajv({ strict: false }).compile(stackJsonSchema());
  const template = parse(await readFile(INLINE_FILE, 'utf8'));
  expect(validate(template), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...template, servces: {} })).toBe(false);
  expect(validate({ ...template, ports: { base: '${BASE:-0}' } })).toBe(true);
  expect(validate({ ...template, ports: { base: 'none' } })).toBe(false);
});
