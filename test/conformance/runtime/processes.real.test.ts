import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessSpec, processRuntime } from '../../../src/runtimes/processes/index.ts';
import { createFolders, stackFolders } from '../../../src/state/index.ts';
import { quietContext } from '../../support/quiet-context.ts';
import { PART_ENVIRONMENT, PART_SCRIPT, runtimeConformance } from './runtime.ts';

const context = quietContext();

function ticking(root: string, name: string): ProcessSpec {
  return {
    name,
    program: 'sh',
    args: ['-c', PART_SCRIPT],
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...PART_ENVIRONMENT },
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 10_000,
    logFile: stackFolders(root).logFile(name),
    dependsOn: [],
    ports: [],
    fingerprint: name,
  };
}

runtimeConformance<ProcessSpec>({
  name: 'processes',
  ...(process.platform === 'win32' ? { skip: 'its parts are shell scripts' } : {}),
  async begin() {
    const root = await mkdtemp(join(tmpdir(), 'qbtc runtime '));
    await createFolders(root);
    const runtime = () => processRuntime(context, root);
    return {
      ...{ first: 'first', second: 'second', runtime },
      describe: (name) => ticking(root, name),
      async end() {
        await runtime().remove({ volumes: true, onEnding() {}, onStopped() {} });
        await rm(root, { recursive: true, force: true });
      },
    };
  },
});
