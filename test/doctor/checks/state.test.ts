import { chmod, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ensureSecrets } from '../../../src/config/secrets.ts';
import { state } from '../../../src/doctor/checks/state.ts';
import { statePath } from '../../../src/state/index.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';
import { emptyStack } from '../../support/stack.ts';

async function examined() {
  const root = await temporaryFolder();
  await ensureSecrets(root, ['api-key']);
  const plan = { strategy: 'fallback' as const, choices: [], services: [] };
  const examine = () =>
    state({
      context: quietContext(),
      stack: emptyStack(root),
      inStack: true,
      engine: new Promise(() => {}),
      plan: Promise.resolve(plan),
    });
  return { root, examine };
}

test('state that is whole and private is well', async () => {
  const { examine } = await examined();
  expect(await examine()).toEqual({
    status: 'pass',
    found: 'writable, its secrets are private',
    fix: null,
  });
});

test('files that are damaged are told by their names, also those that everybody else can do without', async () => {
  const { root, examine } = await examined();
  await writeFile(statePath(root, 'supervisor'), '{"processes": [');
  await writeFile(statePath(root, 'holds'), '');
  // It is made anew: no loss.
  await writeFile(statePath(root, 'scale'), '{');
  const { status, found, fix } = await examine();
  expect(status).toBe('warning');
  expect(found.split('\n')).toEqual([
    expect.stringMatching(/^\/.+\/\.qbtc\/state\.json cannot be used: ./),
    expect.stringMatching(/^\/.+\/\.qbtc\/holds\.json cannot be used: ./),
  ]);
  expect(fix).toContain('qbtc down && qbtc up (down finds them by what they carry');
});

test.skipIf(process.platform === 'win32')('secrets that others can read are told', async () => {
  const { root, examine } = await examined();
  await chmod(statePath(root, 'secrets'), 0o644);
  expect(await examine()).toMatchObject({ status: 'warning', fix: expect.stringContaining('chmod 600') });
});
