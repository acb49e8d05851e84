import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { down } from '../../src/lifecycle/down.ts';
import { refuseRenamed } from '../../src/lifecycle/renamed.ts';
import { planUp } from '../../src/lifecycle/up-plan.ts';
import { ensureIdentity, readIdentity } from '../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

const resource = (kind: 'postgres' | 'redis', changes = {}) => ({
  name: kind,
  kind,
  ports: {},
  endpoint: { url: '', host: '127.0.0.1', port: 1 },
  ...changes,
});

test('data that was made under another name is not begun anew in silence', async () => {
  const root = await temporaryFolder();
  const stack = { ...emptyStack(root, { resources: [resource('postgres')] }), name: 'after' };
  refuseRenamed(stack);
  await ensureIdentity(root, { name: 'before' });
  const error = expect.objectContaining({
    code: 'STACK_RENAMED',
    exit: 64,
    details: ['postgres would begin empty: it knows before alone'],
    hint: expect.stringMatching(/put "name: before" back.*delete it.*down --volumes/),
  });
  expect(() => refuseRenamed(stack)).toThrow(error);
  await expect(planUp(quietContext(), stack, { placement: {}, only: [] })).rejects.toEqual(error);
  refuseRenamed({ ...stack, name: 'before' });
  // What keeps nothing, or is somebody else's, knows no name of ours.
  refuseRenamed({ ...stack, resources: [resource('redis')] });
  refuseRenamed({ ...stack, resources: [resource('postgres', { provider: 'external' })] });
});

test('down works under any name, and with the data the name is gone', async () => {
  const root = await temporaryFolder();
  await ensureIdentity(root, { name: 'before' });
  const { id } = readIdentity(root) ?? {};
  await down(quietContext(), root, { volumes: false });
  expect(readIdentity(root)).toMatchObject({ id, name: 'before' });
  await down(quietContext(), root, { volumes: true });
  expect(readIdentity(root)).toMatchObject({ id });
  expect(readIdentity(root)?.name).toBeUndefined();
});

test('no hint leads to losing data without saying so', async () => {
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const silent: string[] = [];
  for (const name of await readdir(source, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const lines = (await readFile(join(source, name), 'utf8')).split('\n');
    const hints = lines.filter((line) => line.includes('down --volumes') && !/^\s*(\*|\/\/|\/\*)/.test(line));
    silent.push(...hints.filter((line) => !/\bdelete/.test(line)).map((line) => `${name}: ${line.trim()}`));
  }
  expect(silent).toEqual([]);
});
