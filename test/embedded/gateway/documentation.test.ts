import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type AnyPlugin, PLUGINS } from '../../../src/embedded/gateway/plugin-registry.ts';
import type { JsonSchema } from '../../../src/embedded/gateway/schema/validator.ts';
import { UNAVAILABLE_RESOURCES } from '../../../src/embedded/gateway/unavailable.ts';
import { APISIX_PLUGINS } from '../../../src/model/apisix-plugins.ts';

const FILE = fileURLToPath(new URL('../../../docs/gateway.md', import.meta.url));
const BEGIN = '<!-- Made from the registry of plugins by `npm run schema`. -->';
const END = '<!-- The end of what is made. -->';

const code = (names: Iterable<string>) => [...names].map((name) => `\`${name}\``).join(', ');
const fieldsOf = (schema: JsonSchema | undefined) => Object.keys((schema?.properties ?? {}) as object);

function row(plugin: AnyPlugin): string {
  const places = [
    ['', plugin.schema],
    ['at a consumer: ', plugin.consumerSchema],
    ['as metadata: ', plugin.metadataSchema],
  ] as const;
  const fields = places.flatMap(([place, schema]) => {
    const names = fieldsOf(schema);
    return names.length === 0 ? [] : [`${place}${code(names)}`];
  });
  const by = APISIX_PLUGINS.has(plugin.name) ? '' : ' (ours)';
  return `| \`${plugin.name}\`${by} | ${plugin.priority} | ${fields.join('; ')} |`;
}

function table(): string {
  const lacking = [...APISIX_PLUGINS].filter((name) => !PLUGINS.has(name)).sort();
  return [
    '| | priority | fields |',
    '| --- | --- | --- |',
    ...[...PLUGINS.values()].map(row),
    `| other plugins of APISIX | | refused by name: ${code(lacking)} |`,
    ...[...UNAVAILABLE_RESOURCES].map(([name, what]) => `| \`/${name}\` | | refused by name: ${what} |`),
    '| `/v1/…` | | refused by name: the control API |',
  ].join('\n');
}

// `npm run schema` runs this test and lets it write the file.
test('docs/gateway.md has every plugin, and what is refused, in one table', async () => {
  const docs = await readFile(FILE, 'utf8');
  const [before, rest = ''] = docs.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  expect(docs.split(BEGIN)).toHaveLength(2);
  expect(after).not.toBe('');
  await expect(
    `${before}${BEGIN}\n\n${table()}\n\n${after}`,
    'docs/gateway.md is out of date: run "npm run schema"',
  ).toMatchFileSnapshot(FILE);
});
