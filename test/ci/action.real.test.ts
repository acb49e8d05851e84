import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { runStep } from '../support/composite-action.ts';
import { PROGRAM, qbtc } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { type SmallStack, smallStack } from '../support/small-stack.ts';

/** A runner with this very qbtc on its PATH. */
async function runner() {
  const folder = await temporaryFolder('qbtc-runner-');
  await writeFile(join(folder, 'qbtc'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  await chmod(join(folder, 'qbtc'), 0o755);
  return {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_OUTPUT: join(folder, 'outputs'),
  };
}

async function act(stack: SmallStack, given: Record<string, string>) {
  const env = await runner();
  const at = { cwd: stack.root, env };
  const installed = await runStep('install qbtc', { qbtc: 'none', ...given }, at);
  const ended = await runStep('qbtc ci', given, at);
  await qbtc(['down'], stack.root);
  return { env, installed, ...ended };
}

test('the action runs a stack, and gives its outputs and its summary', async () => {
  const { env, installed, code, stdout } = await act(await smallStack(), {
    tag: 'smoke',
    min: '90',
    args: '--no-regression  --strict',
    strategy: 'fallback',
  });
  expect(installed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect(code, stdout).toBe(0);
  expect(await readFile(env.GITHUB_OUTPUT, 'utf8')).toMatch(/^passed<<(.*)\ntrue\n\1\n/m);
  expect(await readFile(env.GITHUB_STEP_SUMMARY, 'utf8')).toContain('## ✅ small: 100.00');
});

test('the action fails as qbtc does, with annotations', async () => {
  const stack = await smallStack();
  await stack.breakFlow();
  const { env, code, stdout } = await act(stack, {});
  expect(code).toBe(2);
  expect(stdout).toMatch(/^::error title=qbtc test health,file=.*flows\/health\.yaml::/m);
  expect(await readFile(env.GITHUB_OUTPUT, 'utf8')).toMatch(/^flows-failed<<(.*)\n1\n\1\n/m);
});

test.each(['tag', 'min', 'strategy', 'args'])('what stands in the input %s is never run', async (input) => {
  const stack = await smallStack();
  const before = await readdir(stack.root);
  const { code } = await act(stack, { [input]: '$(touch hacked) `touch hacked`; touch hacked "' });
  expect(code).toBeGreaterThan(0);
  expect(await readdir(stack.root)).not.toContain('hacked');
  expect(before).not.toContain('hacked');
});
