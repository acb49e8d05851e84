import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEMPLATES } from '../../src/scaffold/service/templates.ts';
import { installPackages, run } from '../support/docker/run.ts';
import { newUndecidedStack } from '../support/new-stack.ts';
import { qbtc } from '../support/qbtc.ts';

/** What qbtc brings: whatever else this machine has. */
const UP = ['up', '--strategy', 'fallback'];
let root: string;
let takeDown: () => Promise<void>;
beforeAll(async () => {
  [root, takeDown] = await newUndecidedStack('grown', undefined, []);
});
afterAll(() => takeDown());

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await qbtc([...args, '--json'], root, env);
  expect(code, stderr + stdout).toBe(0);
  return JSON.parse(stdout);
};

/** Debian's own Python comes first: another one has not its packages. */
const env = { PATH: `/usr/bin:${process.env.PATH}` };
const noPika = await installPackages(['python3-pika'], '/usr/lib/python3/dist-packages/pika/__init__.py');
const skipped = noPika === undefined ? '' : ` (without a consumer in Python: ${noPika})`;

const ours = TEMPLATES.filter(({ language, base }) => base === 'runtime' || language === 'python')
  .filter(({ kind, language }) => noPika === undefined || kind !== 'consumer' || language !== 'python')
  .map((template) => ({ ...template, name: `a-${template.kind}-${template.language}` }));
const onTheRuntime = ours.filter(({ base }) => base === 'runtime');

test(`each kind is added to a stack that runs: it runs, is routed, and is tested${skipped}`, async () => {
  await json(...UP);
  for (const { name, kind, language } of ours) {
    const words = ['add', 'service', name, '--kind', kind, '--language', language];
    const planned = await json(...words, '--dry-run');
    await expect(access(join(root, 'services', name))).rejects.toThrow();
    const added = await json(...words, '--yes');
    expect(added.files).toEqual(planned.files);
  }
  // What runs already is left alone.
  expect((await json(...UP)).started.sort()).toEqual(ours.map(({ name }) => name).sort());
  for (const { name } of ours)
    expect((await json('test', '--tag', name)).flows).toMatchObject([{ name, status: 'passed' }]);
});

test('the stack has a full score with them, and nothing to complain of', async () => {
  const { total, gains, failures } = await json('score');
  expect({ total, gains, failures }).toEqual({ total: 100, gains: [], failures: [] });
  const { stdout } = await qbtc(['topology', 'check', '--json'], root);
  expect(JSON.parse(stdout).findings).toEqual([]);
  for (const command of [
    ['events', 'validate'],
    ['routes', 'lint'],
  ])
    await json(...command);
});

test('their types hold, and their tests pass', async () => {
  const types = await run('npx', ['tsc', '--noEmit'], { cwd: root });
  expect(types.exitCode, types.stdout).toBe(0);
  const folders = onTheRuntime.map(({ name }) => `services/${name}/`);
  const tests = await run('npx', ['vitest', 'run', '--project', 'unit', '--reporter', 'json', ...folders], {
    cwd: root,
  });
  expect(tests.exitCode, tests.stdout + tests.stderr).toBe(0);
  expect(JSON.parse(tests.stdout)).toMatchObject({ success: true });
  expect(JSON.parse(tests.stdout).testResults).toHaveLength(onTheRuntime.length);
  for (const { name } of ours.filter(({ language }) => language === 'python')) {
    const { exitCode, stderr } = await run('python3', ['-B', '-m', 'unittest'], {
      cwd: join(root, 'services', name),
      env,
    });
    expect(exitCode, stderr).toBe(0);
  }
});

test('one is taken out again with its folder', async () => {
  const [gone, ...others] = ours.map(({ name }) => name);
  const refused = await qbtc(['remove', gone ?? ''], root);
  expect(refused.stderr).toContain(`delete services/${gone}, then: qbtc up`);
  await rm(join(root, 'services', gone ?? ''), { recursive: true });
  await json(...UP);
  const { resources } = await json('status');
  const names = resources.map(({ name }: { name: string }) => name);
  expect(names).not.toContain(gone);
  expect(names).toEqual(expect.arrayContaining(others));
  ours.shift();
});

test('they end in order', async () => {
  await json('down');
  for (const { name } of ours) {
    const { lines } = await json('logs', name);
    const said = lines.map(({ message }: { message: string }) => message);
    expect(said.slice(-2), name).toEqual(['ending', 'ended']);
  }
});
