import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { diffContracts, readVersions } from '../../src/events/index.ts';
import { openStackAt } from '../support/open-stack.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const contract = (name: string) =>
  JSON.stringify({ $id: `urn:qbtc:event:${name}:1`, type: 'object', 'x-routing-key': `a.${name}` });

const FILES = {
  'qbtc.yaml': 'version: 1\nname: acme\ninclude: services/*/service.yaml\ncontracts: [shared/événements]\n',
  'event-schemas/asked.json': contract('asked'),
  'shared/événements/shärd.json': contract('shared'),
  'services/orders/service.yaml': 'command: [node, main.js]\nport: 8100\ncontracts: schemas\n',
  'services/orders/schemas/ordered.json': contract('ordered'),
  // What a folder holds that nobody has named is no contract.
  'services/orders/test/fixtures/other.json': contract('other'),
};

async function write(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** A stack in a folder of a repository, of which all is in a commit. */
async function committed() {
  const repository = await temporaryFolder();
  const root = join(repository, 'the stack');
  await write(root, FILES);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], { cwd: repository });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'first');
  const changes = async (against = 'HEAD') => {
    const { before, after } = await readVersions(quietContext(), await openStackAt(root), against);
    return diffContracts(before, after).map(({ event, what }) => `${event} ${what}`);
  };
  return { root, git, changes };
}

test('a stack is compared with all contracts that it had in a commit', async () => {
  const { changes } = await committed();
  expect(await changes()).toEqual([]);
});

test('contracts whose folder is not declared any more are missed', async () => {
  const { root, git, changes } = await committed();
  await write(root, { 'qbtc.yaml': FILES['qbtc.yaml'].replace(/contracts.*/, '') });
  expect(await changes()).toEqual(['shärd was removed']);

  await rm(join(root, 'services'), { recursive: true });
  expect(await changes()).toEqual(['ordered was removed', 'shärd was removed']);

  // Where nothing is declared in that commit, nothing is missed.
  git('add', '-A');
  git('commit', '-qm', 'second');
  expect(await changes()).toEqual([]);
  expect(await changes('HEAD~1')).toEqual(['ordered was removed', 'shärd was removed']);
});

test('a commit in which qbtc.yaml cannot be read is compared by what is declared now', async () => {
  const { root, git, changes } = await committed();
  await write(root, { 'qbtc.yaml': 'name: [' });
  git('add', '-A');
  git('commit', '-qm', 'broken');
  await write(root, FILES);
  await rm(join(root, 'services/orders/schemas/ordered.json'));
  expect(await changes()).toEqual(['ordered was removed']);
});

test('a commit that is not there is refused', async () => {
  const { changes } = await committed();
  await expect(changes('nowhere')).rejects.toMatchObject({ code: 'NOT_IN_GIT' });
  await expect(changes('--help')).rejects.toMatchObject({ code: 'NOT_IN_GIT' });
});
