import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKOUT } from '../support/qbtc.ts';
import { changeTemplate, filesOf, IDENTITY, makeSample, NUMBERED, type Sample } from './upgrading.ts';

/** Ends the process, as a power cut would, at its Nth change of the disk. */
const KILLER = `
const fs = require('node:fs');
let left = Number(process.env.KILL_AT);
const dying = (change) => (...args) => {
  if (--left === 0) process.kill(process.pid, 'SIGKILL');
  return change(...args);
};
for (const name of ['rename', 'rm', 'chmod', 'rmdir', 'unlink']) {
  fs[name] = dying(fs[name]);
  fs.promises[name] = dying(fs.promises[name]);
}
`;

/** The built qbtc with the template of the sample. */
async function program({
  installation,
  folder,
}: Sample): Promise<(cwd: string, killAt?: number) => Promise<number>> {
  await mkdir(join(installation, 'dist'));
  await cp(join(CHECKOUT, 'dist/commands'), join(installation, 'dist/commands'), { recursive: true });
  await cp(join(CHECKOUT, 'bin'), join(installation, 'bin'), { recursive: true });
  await cp(join(CHECKOUT, 'package.json'), join(installation, 'package.json'));
  await symlink(join(CHECKOUT, 'node_modules'), join(installation, 'node_modules'));
  const killer = join(folder, 'killer.cjs');
  await writeFile(killer, KILLER);
  return (cwd, killAt) =>
    new Promise((resolve) => {
      const args = [
        ...(killAt === undefined ? [] : ['--require', killer]),
        join(installation, 'bin/qbtc.js'),
      ];
      execFile(
        process.execPath,
        [...args, 'upgrade', '--no-install', '--yes', '--allow-dirty'],
        { cwd, env: { ...process.env, ...IDENTITY, KILL_AT: String(killAt) } },
        (error) => resolve(error === null ? 0 : typeof error.code === 'number' ? error.code : -1),
      );
    });
}

async function changed(options: { conflict: boolean }): Promise<Sample> {
  const sample = await makeSample();
  await changeTemplate(sample);
  await sample.edit({
    'services/api/long.js': `${NUMBERED.join('\n').replace('= 9;', "= 'own';")}\n`,
    'notes.txt': 'own\none\ntwo\nthree\n',
    ...(options.conflict ? { 'services/api/main.js': "console.log('own');\n" } : {}),
  });
  return sample;
}

test.each([
  { conflict: false, code: 0, every: 1 },
  { conflict: true, code: 2, every: 4 },
])('killed at any step it is taken up again by the next one: $conflict', async ({
  conflict,
  code,
  every,
}) => {
  const sample = await changed({ conflict });
  const upgrade = await program(sample);
  const copy = async (name: string) => {
    const root = join(sample.folder, name);
    await cp(sample.root, root, { recursive: true });
    return root;
  };
  const whole = await copy('whole');
  expect(await upgrade(whole)).toBe(code);
  const wanted = await filesOf(whole);

  let killed = 0;
  for (let step = 1; ; step += every) {
    const root = await copy(`step ${step}`);
    const ended = await upgrade(root, step);
    if (ended >= 0) {
      expect(ended).toBe(code);
      break;
    }
    killed += 1;
    expect(await upgrade(root), `killed at step ${step}`).toBe(code);
    expect(withoutLitter(await filesOf(root)), `killed at step ${step}`).toEqual(wanted);
  }
  expect(killed).toBeGreaterThan(10);
});

/** What write-file-atomic has not put in place yet: `FILE.1234567`. */
function withoutLitter(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !/\.\d{5,}$/.test(path)));
}
