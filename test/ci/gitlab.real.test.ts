import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { npmInstall } from '../support/foreign-stack.ts';
import { CHECKOUT, type Ended, PROGRAM, qbtc } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { type SmallStack, smallStack } from '../support/small-stack.ts';

const run = promisify(execFile);
/** The newest that runs on Node 20. */
const GITLAB_CI_LOCAL = '4.64.1';

const read = async () => {
  const text = await readFile(join(CHECKOUT, 'templates/qbtc.yml'), 'utf8');
  const [head, body] = parseAllDocuments(text).map((each) => each.toJS() as Record<string, never>);
  return { text, inputs: (head?.spec as unknown as { inputs: Record<string, object> }).inputs, body };
};

test('each input of the component is used, described in the page, and no input is code', async () => {
  const { inputs, body, text } = await read();
  const page = await readFile(join(CHECKOUT, 'docs/ci.md'), 'utf8');
  const [job] = Object.values(body ?? {}) as unknown as { script: string[] }[];
  for (const name of Object.keys(inputs)) {
    expect(text).toContain(`$[[ inputs.${name} ]]`);
    expect(page, name).toContain(`\`${name}\``);
  }
  for (const line of job?.script ?? []) expect(line).not.toContain('$[[');
});

/** A repository with the component, and what runs its pipeline here. */
async function pipeline(stack: SmallStack, inputs: string): Promise<Ended> {
  const { root, write } = stack;
  const tools = await temporaryFolder('qbtc-gitlab-');
  await mkdir(join(tools, 'bin'));
  await writeFile(join(tools, 'bin/qbtc'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  await chmod(join(tools, 'bin/qbtc'), 0o755);
  await writeFile(
    join(tools, 'package.json'),
    JSON.stringify({ dependencies: { 'gitlab-ci-local': GITLAB_CI_LOCAL } }),
  );
  const missing = await npmInstall(tools);
  if (missing !== undefined) throw new Error(missing);
  await mkdir(join(root, 'templates'));
  await cp(join(CHECKOUT, 'templates/qbtc.yml'), join(root, 'templates/qbtc.yml'));
  await write(
    '.gitlab-ci.yml',
    `include:\n  - local: templates/qbtc.yml\n    inputs: { qbtc: none, ${inputs} }\n`,
  );
  await write('.gitignore', '.qbtc\n.gitlab-ci-local\n');
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: root });
  await git('init', '--quiet', '--initial-branch=main');
  await git('remote', 'add', 'origin', 'git@gitlab.example:acme/small.git');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=small');
  const program = join(tools, 'node_modules/gitlab-ci-local/src/index.js');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, '--force-shell-executor', '--no-shell-isolation', '--no-color'],
      { cwd: root, env: { ...process.env, PATH: `${join(tools, 'bin')}${delimiter}${process.env.PATH}` } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

const probe = await npmView();
async function npmView(): Promise<string | undefined> {
  return run('npm', ['view', `gitlab-ci-local@${GITLAB_CI_LOCAL}`, 'version']).then(
    ({ stdout }) => (stdout.trim() === '' ? 'no gitlab-ci-local' : undefined),
    () => 'no registry answers',
  );
}

test.skipIf(probe !== undefined)(
  `gitlab-ci-local runs the component${probe === undefined ? '' : ` (skipped: ${probe})`}`,
  async () => {
    const stack = await smallStack();
    const { code, stdout, stderr } = await pipeline(stack, 'min: "50", tag: smoke, args: --no-regression');
    await qbtc(['down'], stack.root);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/PASS.*qbtc/);
    const report = JSON.parse(await readFile(join(stack.root, 'qbtc-report/report.json'), 'utf8')) as object;
    expect(report).toMatchObject({ passed: true });
  },
);

test.skipIf(probe !== undefined)('its job fails where qbtc does', async () => {
  const stack = await smallStack();
  await stack.breakFlow();
  const { code, stdout, stderr } = await pipeline(stack, 'stage: build');
  await qbtc(['down'], stack.root);
  expect(code, stdout + stderr).not.toBe(0);
  expect(await readFile(join(stack.root, 'qbtc-report/qbtc.env'), 'utf8')).toContain('QBTC_FLOWS_FAILED=1');
});
