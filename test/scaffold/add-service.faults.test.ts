import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newUndecidedStack } from '../support/new-stack.ts';
import { qbtc, startQbtc } from '../support/qbtc.ts';

let root: string;
let takeDown: () => Promise<void>;
beforeAll(async () => {
  [root, takeDown] = await newUndecidedStack('cut-short', undefined, []);
});
afterAll(() => takeDown());

const WORDS = ['add', 'service', 'billing', '--kind', 'consumer', '--no-install', '--json'];
const services = async () => (await readdir(join(root, 'services'))).sort();

test('killed at any moment it has added all of the service, or nothing', async () => {
  const before = await services();
  const outcomes = new Set<string>();
  for (let ms = 120; ms <= 600; ms += 20) {
    const { child, ended } = startQbtc(WORDS, root);
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    await ended;
    clearTimeout(timer);
    // The stack loads, with it or without.
    const { code, stdout, stderr } = await qbtc(['graph', '--json'], root);
    expect(code, `${ms} ms: ${stderr}${stdout}`).toBe(0);
    const added = (await services()).includes('billing');
    outcomes.add(added ? 'all' : 'nothing');
    if (added) expect(stdout).toContain('q_billing_task');
    // What was killed on the way keeps nobody from doing it again.
    if (!added) expect(await qbtc(WORDS, root)).toMatchObject({ code: 0 });
    expect(await services()).toEqual([...before, 'billing'].sort());
    await rm(join(root, 'services/billing'), { recursive: true });
  }
  expect(outcomes).toContain('nothing');
}, 300_000);

test('of two at once for one name one adds it, and the other is told', async () => {
  const both = await Promise.all([qbtc(WORDS, root), qbtc(WORDS, root)]);
  const [first, second] = both.map(({ code }) => code).sort((a, b) => a - b);
  expect(first).toBe(0);
  expect(second).not.toBe(0);
  const told = both.find(({ code }) => code !== 0)?.stdout ?? '';
  expect(JSON.parse(told).error.code).toMatch(/^(NAME_TAKEN|STACK_LOCKED|LOCKED|FOLDER_NOT_EMPTY)$/);
  expect(await services()).toContain('billing');
});
