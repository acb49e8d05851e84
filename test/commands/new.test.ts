import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Run } from '../../commands/command.ts';
import { newStack } from '../../commands/new.ts';
import type { Context } from '../../src/context.ts';
import type { Outcome } from '../../src/operations/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

/** Runs `qbtc new ARGS` in `cwd`, on a terminal or not; any question fails the test. */
async function run(cwd: string, interactive: boolean, ...args: string[]): Promise<Outcome | undefined> {
  const context = quietContext();
  const asked = async (): Promise<never> => {
    throw new Error('nobody is to be asked');
  };
  const here: Context = {
    ...context,
    cwd,
    io: { ...context.io, interactive },
    prompts: { ...context.prompts, input: asked, confirm: asked },
  };
  let outcome: Outcome | undefined;
  const keep: Run =
    (handler) =>
    async (...given) => {
      const [folder, options] = given as [string | undefined, Parameters<typeof handler>[1]];
      outcome = await handler(here, options, folder === undefined ? [] : [folder]);
    };
  const program = new Command().exitOverride();
  newStack(program, keep);
  await program.parseAsync(['new', ...args], { from: 'user' });
  return outcome;
}

test.each([
  ['without a terminal', false, []],
  ['with --yes', true, ['--yes']],
])('%s a folder that is not named is wrong usage, never a question', async (_case, interactive, args) => {
  const cwd = await temporaryFolder();
  await expect(run(cwd, interactive, ...args)).rejects.toMatchObject({ code: 'NAME_MISSING', exit: 64 });
  expect(await readdir(cwd)).toEqual([]);
});

test('--yes decides by the flags, and the stack has the configuration of a real gateway', async () => {
  const cwd = await temporaryFolder();
  const outcome = await run(cwd, true, 'acme', '--yes', '--no-install', '--no-git');
  expect(outcome?.document).toMatchObject({ kind: 'scaffold', name: 'acme', folder: 'acme' });
  const made = await readdir(join(cwd, 'acme'));
  expect(made).toContain('qbtc.yaml');
  expect(made).not.toContain('.git');
  expect(made).not.toContain('node_modules');
  await access(join(cwd, 'acme', 'infrastructure', 'apisix_conf', 'config.yaml'));
});
