import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { glob } from 'tinyglobby';
import { afterAll, describe, expect, test } from 'vitest';
import { SERVICE_KINDS, SERVICE_LANGUAGES } from '../../../src/model/new-service.ts';
import {
  folderOfTemplate,
  type ServiceTemplate,
  TEMPLATES,
} from '../../../src/scaffold/service/templates.ts';
import { run } from '../../support/docker/run.ts';
import { CHECKOUT } from '../../support/qbtc.ts';

const nameOf = ({ base, kind, language }: ServiceTemplate) => `${base}/${kind}-${language}`;
const textOf = (template: ServiceTemplate, file: string) =>
  readFile(join(folderOfTemplate(CHECKOUT, template), file), 'utf8');

test('there is one of each kind in each language, and no folder besides', async () => {
  for (const kind of SERVICE_KINDS)
    for (const language of SERVICE_LANGUAGES)
      expect(TEMPLATES.map(nameOf), 'for stacks without a runtime').toContain(`plain/${kind}-${language}`);
  const folders = await glob('*/*/service.yaml', { cwd: join(CHECKOUT, 'templates/services') });
  expect(folders.map((file) => file.replace('/service.yaml', '')).sort()).toEqual(
    TEMPLATES.map(nameOf).sort(),
  );
});

/** What is the same in several of them, so that each is whole by itself. */
test.each([
  [
    'what a language stands on',
    'src/service.ts',
    (each: ServiceTemplate) => nameOf(each).match(/^plain.*-ts/),
  ],
  [
    'what a language stands on',
    'src/service.js',
    (each: ServiceTemplate) => nameOf(each).match(/^plain.*-js/),
  ],
  ['what a language stands on', 'service.py', (each: ServiceTemplate) => each.language === 'python'],
  ['what is answered', 'openapi.json', (each: ServiceTemplate) => each.kind === 'http'],
  ['how it is proven', 'flows/your-service.yaml', (each: ServiceTemplate) => each.kind === 'http'],
  [
    'what is heard',
    'event-schemas/your_service_task.json',
    (each: ServiceTemplate) => each.kind === 'consumer',
  ],
  ['how it is proven', 'flows/your-service.yaml', (each: ServiceTemplate) => each.kind === 'worker'],
] as const)('%s is the same text everywhere: %s', async (_, file, has) => {
  const those = TEMPLATES.filter(has);
  expect(those.length).toBeGreaterThan(2);
  const texts = await Promise.all(those.map((template) => textOf(template, file)));
  expect(new Set(texts).size).toBe(1);
});

describe('those without a runtime pass their own tests', () => {
  const made: string[] = [];
  afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))));
  const plain = TEMPLATES.filter(({ base }) => base === 'plain');

  test.each(plain.map((template) => [nameOf(template), template] as const))('%s', async (_, template) => {
    const cwd = folderOfTemplate(CHECKOUT, template);
    if (template.language === 'python') {
      const { exitCode, stderr } = await run('python3', ['-B', '-m', 'unittest'], { cwd });
      expect(exitCode, stderr).toBe(0);
      return;
    }
    const [file = ''] = await glob(`test/*.test.${template.language}`, { cwd, absolute: true });
    let tested = file;
    if (template.language === 'ts') {
      // Beside what it imports, as no Node of ours reads TypeScript.
      await mkdir(join(CHECKOUT, 'node_modules/.cache'), { recursive: true });
      const folder = await mkdtemp(join(CHECKOUT, 'node_modules/.cache/qbtc-service-'));
      made.push(folder);
      tested = join(folder, basename(file).replace(/ts$/, 'cjs'));
      await build({ entryPoints: [file], outfile: tested, bundle: true, platform: 'node', format: 'cjs' });
    }
    const { exitCode, stdout } = await run(process.execPath, ['--test', tested], { cwd: tmpdir() });
    expect(exitCode, stdout).toBe(0);
  });
});
