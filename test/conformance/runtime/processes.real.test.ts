import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ProcessSpec,
  processRuntime,
  startSupervisor,
  supervisorProgram,
} from '../../../src/runtimes/processes/index.ts';
import { createFolders, stackFolders } from '../../../src/state/index.ts';
import { quietContext } from '../../support/quiet-context.ts';
import { runtimeConformance } from './runtime.ts';

const context = quietContext();

function sleeper(root: string, name: string): ProcessSpec {
  return {
    name,
    program: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    cwd: root,
    env: {},
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 10_000,
    logFile: stackFolders(root).logFile(name),
    dependsOn: [],
    ports: [],
    fingerprint: name,
  };
}

runtimeConformance({
  name: 'processes',
  async begin() {
    const root = await mkdtemp(join(tmpdir(), 'qbtc runtime '));
    await createFolders(root);
    const supervisor = await startSupervisor(root, supervisorProgram(context));
    for (const name of ['first', 'second']) await supervisor.ensure(sleeper(root, name));
    supervisor.close();
    const runtime = () => processRuntime(context, root);
    const options = { volumes: true, onEnding() {}, onStopped() {} };
    return {
      ...{ first: 'first', second: 'second', runtime },
      async end() {
        await runtime().remove(options);
        await rm(root, { recursive: true, force: true });
      },
    };
  },
});
