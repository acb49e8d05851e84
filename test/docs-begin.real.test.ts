import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { newStack, newUndecidedStack } from './support/new-stack.ts';
import { commandIn, documentedCommands, runsWell } from './support/pages.ts';
import { temporaryFolder } from './support/quiet-context.ts';

describe('the commands of the pages that begin or end a stack', () => {
  const linesOf = async (command: string) =>
    (await documentedCommands()).filter((line) => commandIn(line) === command);

  test('down and demo', async () => {
    const [root, takeDown] = await newStack('documented-ends');
    try {
      for (const line of await linesOf('down')) {
        await runsWell('qbtc up', root);
        await runsWell(line, root);
      }
      await runsWell('qbtc down --volumes', root);
      for (const line of await linesOf('demo')) await runsWell(line, root);
    } finally {
      await takeDown();
    }
  }, 600_000);

  test('add and remove', async () => {
    const [root, takeDown] = await newUndecidedStack('documented-add-ons', undefined, []);
    try {
      for (const line of [...(await linesOf('add')), ...(await linesOf('remove'))])
        await runsWell(line, root);
    } finally {
      await takeDown();
    }
  }, 600_000);

  test('init', async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, 'Procfile'), 'web: node server.js\n');
    for (const line of await linesOf('init')) await runsWell(line, root);
  });

  // `qbtc new ../acme` is typed in a folder beside the one that it makes.
  test('new', async () => {
    for (const line of await linesOf('new')) {
      const beside = join(await temporaryFolder(), 'here');
      await mkdir(beside);
      await runsWell(line, beside);
    }
  }, 600_000);
});
