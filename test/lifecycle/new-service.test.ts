import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { applyAdoption, planAdoption } from '../../src/adoption/index.ts';
import { addService, type NewServiceRequest } from '../../src/lifecycle/new-service.ts';
import { openStackHere } from '../../src/lifecycle/open.ts';
import { SERVICE_LANGUAGES } from '../../src/model/new-service.ts';
import { copyTemplate } from '../../src/scaffold/copy.ts';
import { digestOf } from '../../src/scaffold/ledger.ts';
import { TEMPLATES } from '../../src/scaffold/service/templates.ts';
import { CHECKOUT } from '../support/qbtc.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const { signal } = new AbortController();
let root: string;
beforeEach(async () => {
  root = await temporaryFolder();
  await copyTemplate(join(CHECKOUT, 'templates/stack'), root, signal);
});

const context = quietContext();
const here = () => ({ ...context, cwd: root });
const add = async (request: Partial<NewServiceRequest>) => {
  const where = here();
  const wanted = { kind: 'http', language: 'ts', port: undefined, dryRun: false, install: false } as const;
  return await addService(where, await openStackHere(where), { name: 'billing', ...wanted, ...request });
};
/** What there is, by its digest; what qbtc notes down for itself aside. */
const everything = async () => {
  const names = await readdir(root, { recursive: true });
  const kept = names.filter((name) => !/^\.qbtc|^infrastructure\/(\.env|env(\/|$))/.test(name)).sort();
  return await Promise.all(
    kept.map(async (name) => [name, await digestOf(join(root, name)).catch(() => 'folder')] as const),
  );
};

const fitting = TEMPLATES.filter(({ base, language }) => base === 'runtime' || language === 'python');
describe.each(fitting)('a $kind in $language', ({ kind, language, base }) => {
  test('is planned as it is written, and a service of the stack', async () => {
    const before = await everything();
    const planned = await add({ kind, language, dryRun: true });
    expect(await everything()).toEqual(before);
    const added = await add({ kind, language });
    expect(added.files).toEqual(planned.files);
    const now = new Map(await everything());
    const made = [...now].filter(
      ([name, digest]) => digest !== 'folder' && new Map(before).get(name) !== digest,
    );
    expect(made.map(([name]) => name).sort()).toEqual(added.files.map(({ path }) => path).sort());

    const stack = await openStackHere(here());
    const service = stack.services.find(({ name }) => name === 'billing');
    expect(service).toMatchObject({ port: 8700 });
    if (base === 'runtime' || kind === 'consumer') expect(service?.env.AMQP_URL).toContain('.billing:');
    const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
    const compose = await readFile(join(root, 'infrastructure/docker-compose.yml'), 'utf8');
    if (base === 'runtime') {
      const manifest = JSON.parse(await readFile(join(root, 'services/billing/package.json'), 'utf8'));
      expect(lock.packages['services/billing'].dependencies).toEqual(manifest.dependencies);
      expect(lock.packages['node_modules/@stack/billing']).toEqual({
        resolved: 'services/billing',
        link: true,
      });
      expect(Object.keys(lock.packages)).toEqual(
        Object.keys(lock.packages).sort((a, b) => a.localeCompare(b, 'en')),
      );
      expect(compose).toContain('args: { SERVICE: services/billing, ENTRY: src/main.');
    } else {
      expect(lock.packages).not.toHaveProperty('services/billing');
      expect(compose).toContain(
        '  billing:\n    <<: *service\n    build: { context: "../services/billing" }\n',
      );
    }
    // Nothing of the template is left.
    for (const { path } of added.files.filter(({ action }) => action === 'create'))
      expect(await readFile(join(root, path), 'utf8'), path).not.toMatch(/your.?service|#\?/i);
  });
});

test('the next one has a port of its own; a name or a port that is taken is refused', async () => {
  await add({});
  expect(await add({ name: 'mailer', kind: 'worker' })).toMatchObject({ port: 8701 });
  const before = await everything();
  await expect(add({})).rejects.toMatchObject({
    code: 'NAME_TAKEN',
    hint: 'qbtc add service billing-2 --kind http --language ts',
  });
  await expect(add({ name: 'third', port: 8701 })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining('mailer'),
    hint: 'qbtc add service third --kind http --language ts --port 8702',
  });
  expect(await everything()).toEqual(before);
});

test('what is there already is never written over', async () => {
  const file = join(root, 'services/billing/src/main.ts');
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, '// mine\n');
  await symlink('nowhere', join(root, 'services/linked'));
  const before = await everything();
  for (const name of ['billing', 'linked'])
    await expect(add({ name })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  expect(await everything()).toEqual(before);
});

test('a stack that does not load with it is put back as it was', async () => {
  // Its queue is somebody else's.
  const topology = join(root, 'infrastructure/rabbitmq/topology.yaml');
  const text = await readFile(topology, 'utf8');
  await writeFile(topology, text.replace('\nqueues:\n', '\nqueues:\n  - { name: q_billing_task }\n'));
  const before = await everything();
  await expect(add({ kind: 'consumer' })).rejects.toThrow();
  expect(await everything()).toEqual(before);
});

test('a stack without cache, keys and gateway gets what fits there', async () => {
  const file = join(root, 'qbtc.yaml');
  await rm(join(root, 'services'), { recursive: true });
  await writeFile(
    file,
    `version: 1
name: small
infrastructure:
  mq: { kind: rabbitmq, provider: external, url: "amqp://u:p@127.0.0.1:5672/v" }
include: services/*/service.yaml
`,
  );
  await add({});
  const service = await readFile(join(root, 'services/billing/service.yaml'), 'utf8');
  expect(service).toBe(`# yaml-language-server: $schema=../../service.schema.json
entry: src/main.ts
port: 8700
depends_on:
  - mq
# What it says and hears at the broker: nothing yet.
events:
  resource: mq
  # qbtc has no way to make accounts at this broker.
  account: false
env:
  AMQP_URL: \${resources.mq.url}
flows: flows/*.yaml
`);
  const flow = await readFile(join(root, 'services/billing/flows/billing.yaml'), 'utf8');
  expect(flow).not.toContain('401');
  expect(flow).not.toContain('apikey');
  expect(flow).toContain('url: ${services.billing.url}/api/billing/greetings');
});

test('without a broker there is none on the runtime', async () => {
  await rm(join(root, 'services'), { recursive: true });
  await writeFile(join(root, 'qbtc.yaml'), 'version: 1\nname: small\n');
  await expect(add({})).rejects.toMatchObject({ code: 'NO_BROKER' });
});

describe('in a repository that qbtc has not made', () => {
  beforeEach(async () => {
    root = await temporaryFolder();
    await writeFile(
      join(root, 'qbtc.yaml'),
      `version: 1
name: other
infrastructure: { mq: { kind: rabbitmq } }
services:
  web: { path: ., command: [python3, web.py], port: 3000 }
  admin: { path: ., command: [flask, run], port: 3004 }
  old: { path: ., command: [node, old.js] }
`,
    );
  });

  test.each(TEMPLATES.filter(({ base }) => base === 'plain'))('a $kind in $language fits', async ({
    kind,
    language,
  }) => {
    const before = await everything();
    const planned = await add({ kind, language, dryRun: true });
    expect(planned).toMatchObject({ base: 'plain', port: 3005 });
    expect(await everything()).toEqual(before);
    const added = await add({ kind, language });
    expect(added.files).toEqual(planned.files);
    const stack = await openStackHere(here());
    expect(stack.services.find(({ name }) => name === 'billing')).toMatchObject({
      port: 3005,
      dependsOn: kind === 'consumer' ? ['mq'] : [],
      routes: [],
    });
    for (const { path } of added.files)
      expect(await readFile(join(root, path), 'utf8'), path).not.toMatch(/your.?service|#\?|@stack/i);
    // The next one finds its place in qbtc.yaml.
    expect((await add({ name: 'next', kind: 'worker' })).files.map(({ action }) => action)).not.toContain(
      'change',
    );
  });

  test('the language is that of most services', async () => {
    expect(await add({ dryRun: true, language: undefined })).toMatchObject({ language: 'python' });
  });

  test.each([
    ['include: others/*.yaml\n', 'include: [others/*.yaml, services/*/service.yaml]'],
    ['include: [others/*.yaml] # mine\n', 'include: [others/*.yaml, services/*/service.yaml] # mine'],
    [
      'include:\n  - others/*.yaml # mine\n',
      'include:\n  - others/*.yaml # mine\n  - services/*/service.yaml',
    ],
    ['', '\ninclude:\n  - services/*/service.yaml'],
  ])('qbtc.yaml with %j names it', async (before, after) => {
    const file = join(root, 'qbtc.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text}${before}`);
    await add({ kind: 'worker', language: 'js' });
    expect((await readFile(file, 'utf8')).trimEnd()).toBe(
      `${text.trimEnd()}\n${after}`.replace('\n\n', '\n'),
    );
    expect((await openStackHere(here())).services.map(({ name }) => name)).toContain('billing');
  });

  test('a qbtc.yaml that is wrong is told, and nothing is written', async () => {
    for (const wrong of ['services: [', 'version: 1\nname: x\nservices: { __proto__: 1 }\n', '\xff', '']) {
      await writeFile(join(root, 'qbtc.yaml'), Buffer.from(wrong, 'latin1'));
      const before = await everything();
      await expect(add({})).rejects.toMatchObject({ code: expect.any(String), exit: expect.any(Number) });
      expect(await everything()).toEqual(before);
    }
  });

  test('init takes what was added for what it says itself, and finds nothing new', async () => {
    await rm(join(root, 'qbtc.yaml'));
    await writeFile(join(root, 'Procfile'), 'web: node server.js\n');
    await writeFile(
      join(root, 'server.js'),
      'require("node:http").createServer().listen(process.env.PORT);\n',
    );
    await applyAdoption(root, await planAdoption({ root, update: false }));
    for (const language of SERVICE_LANGUAGES)
      expect(await add({ name: `a-${language}`, language })).toMatchObject({
        port: 3001 + SERVICE_LANGUAGES.indexOf(language),
      });
    const { files } = await planAdoption({ root, update: true });
    expect(files.map(({ change }) => change)).toEqual(['unchanged']);
    expect(await readFile(join(root, 'services/a-js/Dockerfile'), 'utf8')).toContain('PORT=3002');
  });

  test('what stands in the place of a folder is told', async () => {
    await writeFile(join(root, 'services'), '');
    const before = await everything();
    await expect(add({ kind: 'worker' })).rejects.toMatchObject({ code: expect.stringMatching(/^FOLDER_/) });
    expect(await everything()).toEqual(before);
  });

  test('one that is killed half-way leaves nothing that is taken for a service, and the next one removes it', async () => {
    const left = join(root, 'services/.qbtc-new-999999-0123456789ab');
    await mkdir(left, { recursive: true });
    await writeFile(join(left, 'service.yaml'), 'port: 1\n');
    await add({ kind: 'worker', language: 'js' });
    expect(await readdir(join(root, 'services'))).toEqual(['billing']);
  });
});
