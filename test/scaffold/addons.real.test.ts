import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newUndecidedStack } from '../support/new-stack.ts';
import { qbtc } from '../support/qbtc.ts';

let root: string;
let takeDown: () => Promise<void>;
beforeAll(async () => {
  [root, takeDown] = await newUndecidedStack('lean', undefined, []);
});
afterAll(() => takeDown());

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await qbtc([...args, '--json'], root);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

test('a lean stack works, gets an add-on that works, and is lean again', async () => {
  await json('up', '--strategy', 'fallback');
  const flows = async (...args: string[]) =>
    (await json('test', ...args)).flows.map((flow: { name: string }) => flow.name) as string[];
  expect(await flows()).not.toContain('trading-order');

  expect((await qbtc(['add', 'tradin'], root)).stderr).toContain('did you mean "trading"?');
  const planned = await json('add', 'trading', '--dry-run');
  expect(planned).toMatchObject({ action: 'add', dryRun: true });
  await expect(access(join(root, 'services/trading-hft'))).rejects.toThrow();
  const { changes } = await json('add', 'trading');
  expect(changes).toEqual(planned.changes);
  // What runs already is left alone.
  expect((await json('up', '--strategy', 'fallback')).started.sort()).toEqual([
    'exchange-simulator',
    'trading-hft',
  ]);
  expect(await flows('--tag', 'trading')).toContain('trading-order');
  expect(await json('trade', 'status')).toMatchObject({ trading: expect.anything() });

  expect((await json('remove', 'trading', '--yes')).changes).toHaveLength(changes.length);
  await json('up', '--strategy', 'fallback');
  const { resources, services = resources } = await json('status');
  const names = services.map(({ name }: { name: string }) => name);
  expect(names).toContain('llm-api');
  expect(names).not.toContain('trading-hft');
  // Nobody misses what was taken out.
  expect(await flows()).toContain('platform-health');
  expect((await qbtc(['remove', 'trading'], root)).stderr).toContain('the stack has no add-on trading');

  // As one that was killed leaves it: a service without its code, in a stack that does not load.
  await json('add', 'trading');
  await rm(join(root, 'services/trading-hft/src'), { recursive: true });
  expect((await qbtc(['status'], root)).stderr).toContain('entry: found "src/main.ts", which does not exist');
  await json('remove', 'trading', '--yes');
  expect((await json('status')).resources).not.toEqual([]);
}, 600_000);
