import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob } from 'tinyglobby';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const TEMPLATES = fileURLToPath(new URL('../../templates/', import.meta.url));

type Plugins = Record<string, Record<string, unknown>>;

interface ServiceFile {
  routes?: { name: string; methods: string[]; plugins: Plugins }[];
}
interface Template {
  gateway: { consumers: { plugins?: Plugins }[] };
}

const read = async (file: string) => parse(await readFile(join(TEMPLATES, file), 'utf8')) as unknown;
const template = (await read('stack/qbtc.yaml')) as Template;
const files = await glob(['stack/*/*/service.yaml', 'addons/*/*/*/service.yaml'], { cwd: TEMPLATES });
const services = (await Promise.all(files.sort().map(read))) as ServiceFile[];
const routes = services.flatMap((service) => service.routes ?? []);

it('lets the preflight requests of browsers through to the cors plugin', () => {
  const open = routes.filter(({ plugins }) => plugins.cors !== undefined);
  expect(open.map(({ name }) => name)).toEqual(['llm-chat', 'llm-completions', 'llm-models']);
  for (const { methods, plugins } of open) {
    expect(methods).toContain('OPTIONS');
    expect(plugins.cors).toMatchObject({ allow_headers: '**' });
  }
});

it('says in JSON that a limit is reached, and which', () => {
  const limits = [...routes, ...template.gateway.consumers].flatMap(({ plugins }): Plugins[string][] =>
    plugins?.['limit-count'] === undefined ? [] : [plugins['limit-count']],
  );
  expect(limits).toHaveLength(7);
  for (const limit of limits) {
    expect(limit).toMatchObject({
      rejected_code: 429,
      rejected_msg: `rate limit reached: ${String(limit.count)} requests a minute`,
    });
  }
});
