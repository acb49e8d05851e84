import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { give, removeTree, takeBack } from '../../src/resources/account.ts';
import { keepReady, takeReady } from '../../src/resources/postgres/ready-clusters.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

// Root shares a folder with an account that is out for what root alone may read and write.

const ACCOUNT = { uid: 65_534, gid: 65_534 };
const ROUNDS = 20;
const asRoot = test.runIf(process.getuid?.() === 0);

/** Replaces a folder by a link to another one as soon as it may, or a little later. */
const ADVERSARY = `
  const { accessSync, renameSync, symlinkSync, writeFileSync } = require('node:fs');
  const [, folder, other] = process.argv;
  writeFileSync(1, 'ready');
  for (;;) {
    try {
      accessSync(folder);
      for (const until = performance.now() + Math.random() * 4 - 1; performance.now() < until; );
      renameSync(folder, folder + '.aside');
      symlinkSync(other, folder);
    } catch {}
  }`;

async function attacked(name: string) {
  const root = await temporaryFolder();
  chmodSync(root, 0o711);
  const folder = join(root, name);
  const secrets = join(root, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(secrets, '2600'), 'secret', { mode: 0o600 });
  const found = () => [
    lstatSync(secrets).uid,
    lstatSync(join(secrets, '2600')).uid,
    readdirSync(secrets).join(),
  ];
  const attack = async () => {
    const adversary = spawn(process.execPath, ['-e', ADVERSARY, join(folder, 'base', '1'), secrets], {
      ...ACCOUNT,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void adversary.kill('SIGKILL'));
    await once(adversary.stdout, 'data');
  };
  return { root, folder, secrets, attack, found };
}

function makeCluster(folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  // There are so many between the first look at a folder and the next one.
  for (let other = 10; other < 60; other += 1)
    mkdirSync(join(folder, 'base', `${other}`), { recursive: true });
  mkdirSync(join(folder, 'base', '1'), { recursive: true });
  for (const name of ['2600', '2601', '2602']) writeFileSync(join(folder, 'base', '1', name), 'rows');
}

asRoot('a copy for the account is written where the copy stands, and nowhere else', async () => {
  const { root, folder, secrets, attack, found } = await attacked('copy');
  const ready = join(root, 'ready');
  const made = join(root, 'made');
  makeCluster(made);
  keepReady(ready, 'key', made, undefined);
  const before = found();
  await attack();
  for (let round = 0; round < ROUNDS; round += 1) {
    expect(takeReady(ready, 'key', folder, ACCOUNT)).toBe(true);
    expect(lstatSync(folder).uid).toBe(ACCOUNT.uid);
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
  }
  expect(found()).toEqual(before);
  expect(readFileSync(join(secrets, '2600'), 'utf8')).toBe('secret');
});

asRoot("what is to be kept is ours meanwhile, and the account's again", async () => {
  const { root, folder } = await attacked('made');
  makeCluster(folder);
  // What was taken back can be told by its mode.
  for (const name of ['', 'base', join('base', '1')]) chmodSync(join(folder, name), 0o755);
  give(folder, ACCOUNT);
  keepReady(join(root, 'ready'), 'key', folder, ACCOUNT);
  for (const name of ['', 'base', join('base', '1')]) {
    const { uid, mode } = lstatSync(join(folder, name));
    expect([uid, mode & 0o777], name).toEqual([ACCOUNT.uid, 0o700]);
    expect(lstatSync(join(root, 'ready', 'key', 'data', name)).uid).toBe(0);
  }
  expect(lstatSync(join(folder, 'base', '1', '2600')).uid).toBe(ACCOUNT.uid);
  expect(takeReady(join(root, 'ready'), 'key', join(root, 'copy'), ACCOUNT)).toBe(true);
});

asRoot('a tree is given away with its links as they are, and taken back', async () => {
  const { root, folder, secrets, found } = await attacked('tree');
  makeCluster(folder);
  const before = found();
  symlinkSync(secrets, join(folder, 'link'));
  give(folder, ACCOUNT);
  const owners = () =>
    ['', 'base', 'base/1', 'base/1/2600', 'link'].map((name) => lstatSync(join(folder, name)).uid);
  expect(owners()).toEqual(Array(5).fill(ACCOUNT.uid));
  takeBack(folder);
  expect(owners()).toEqual([0, 0, 0, ACCOUNT.uid, ACCOUNT.uid]);
  expect(found()).toEqual(before);
  await removeTree(folder);
  await removeTree(folder);
  expect(readdirSync(root)).toEqual(['secrets']);
  expect(found()).toEqual(before);
});
