import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import type { Run } from '../../commands/command.ts';
import { secrets } from '../../commands/secrets/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

/** What `qbtc secrets ARGS` reveals in a stack with one secret. */
async function revealed(...args: string[]): Promise<string[]> {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'qbtc.yaml'), 'version: 1\nname: small\nsecrets: [api-key]\n');
  await mkdir(join(cwd, '.qbtc'));
  await writeFile(join(cwd, '.qbtc', 'secrets.json'), '{"api-key":"qbtc_0123"}');
  const context = quietContext();
  const texts: string[] = [];
  const run: Run =
    (handler) =>
    async (...given) => {
      const [name, options] = given as [string, Parameters<typeof handler>[1]];
      const io = { ...context.io, reveal: (text: string) => void texts.push(text) };
      await handler({ ...context, cwd, io }, options, [name]);
    };
  const program = new Command().exitOverride();
  secrets(program, run);
  await program.parseAsync(['secrets', ...args], { from: 'user' });
  // Only the way past the mask may carry it.
  expect(context.said.join()).not.toContain('qbtc_0123');
  return texts;
}

test('secrets get prints the value alone, for $(...)', async () => {
  expect(await revealed('get', 'api-key')).toEqual(['qbtc_0123']);
});

test('secrets get --json prints name and value', async () => {
  const [text = ''] = await revealed('get', 'api-key', '--json');
  expect(JSON.parse(text)).toEqual({ name: 'api-key', value: 'qbtc_0123' });
});

test('a name that is not there is answered with the nearest', async () => {
  await expect(revealed('get', 'api-kye')).rejects.toMatchObject({
    code: 'SECRET_UNKNOWN',
    exit: 64,
    hint: 'did you mean "api-key"? known: api-key',
  });
});
