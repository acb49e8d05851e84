import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAtOwnCode } from '../../src/lifecycle/own-code.ts';
import type { ProcessStatus } from '../../src/runtimes/processes/index.ts';
import { service } from '../flow/chain.ts';
import { run } from '../support/docker/run.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

const context = quietContext();
const runs = (name: string, pid: number) => ({ name, pid, startTime: '7' }) as ProcessStatus;

async function own(replicas = 1) {
  const root = await temporaryFolder();
  const path = join(root, 'services', 'py');
  await mkdir(join(path, 'lib'), { recursive: true });
  await mkdir(join(path, 'node_modules'));
  await writeFile(join(path, 'main.py'), 'print(1)\n');
  await writeFile(join(path, 'lib', 'a.py'), '');
  const py = service('py', 8000, { path, command: ['python3', 'main.py'], replicas });
  const look = (...pids: number[]) =>
    lookAtOwnCode(
      context,
      emptyStack(root),
      [py, service('ts', 8001, { path, entry: 'main.ts' })],
      pids.map((pid, index) => runs(replicas === 1 ? 'py' : `py-${index + 1}`, pid)),
    );
  return { root, path, look };
}

test('a service with a command runs its old code until it is started anew', async () => {
  const { path, look } = await own();
  expect(await look(100)).toEqual([]);
  expect(await look(100)).toEqual([]);
  await writeFile(join(path, 'main.py'), 'print(22)\n');
  await writeFile(join(path, 'lib', 'b.py'), '');
  await rm(join(path, 'lib', 'a.py'));
  const files = ['lib/a.py', 'lib/b.py', 'main.py'];
  expect(await look(100)).toEqual([{ service: 'py', files }]);
  expect(await look(100)).toEqual([{ service: 'py', files }]);
  // Another process has read them.
  expect(await look(101)).toEqual([]);
  expect(await look(101)).toEqual([]);
});

test('what it writes itself is not its code, and one replica that is old is enough', async () => {
  const { root, path, look } = await own(2);
  await run('git', ['init', '--quiet'], { cwd: root });
  await writeFile(join(root, '.gitignore'), 'state.bin\nnode_modules/\n');
  expect(await look(1, 2)).toEqual([]);
  await writeFile(join(path, 'state.bin'), 'x');
  await writeFile(join(path, 'node_modules', 'x.js'), 'x');
  expect(await look(1, 2)).toEqual([]);
  await writeFile(join(path, 'main.py'), 'print(333)\n');
  expect(await look(1, 3)).toEqual([{ service: 'py', files: ['main.py'] }]);
  expect(await look(4, 3)).toEqual([]);
});
