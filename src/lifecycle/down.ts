import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Context } from '../context.ts';
import {
  attachSupervisor,
  foreignPlaces,
  removeVolumes,
  stackFolders,
  supervisorProgram,
} from '../infra/index.ts';
import { withLock } from './lock.ts';

export interface DownResult {
  /** The folder's name: `qbtc.yaml` may be broken. */
  stack: string;
  /** Processes that were ended, in that order. */
  stopped: string[];
  /** Folders with data that were removed. */
  removed: string[];
}

/**
 * Ends every process of the stack at `root`, dependants first, then the supervisor. Reads only what the supervisor
 * wrote, so that it works with a broken `qbtc.yaml`, and after the supervisor was killed. What is adopted stays.
 */
export async function down(
  context: Context,
  root: string,
  options: { volumes: boolean },
): Promise<DownResult> {
  return withLock(
    context,
    root,
    'qbtc down',
    async () => {
      const { progress } = context.io;
      const stopped: string[] = [];
      const supervisor = await attachSupervisor(root, supervisorProgram(context));
      if (supervisor !== undefined) {
        const living = new Set(
          (await supervisor.list()).filter(({ pid }) => pid !== undefined).map(({ name }) => name),
        );
        for (const name of living) progress.step(name, 'ending');
        await supervisor.shutdown((name) => {
          if (!living.has(name)) return;
          stopped.push(name);
          progress.done(name, 'ended');
        });
      }
      const { state } = stackFolders(root);
      // On a disk that cannot be written they stay: what they name is gone, and everybody who reads them checks that.
      for (const file of ['state.json', 'providers.json'])
        await rm(join(state, file), { force: true }).catch(() => {});
      if (options.volumes) {
        for (const place of await foreignPlaces(root)) {
          context.io.err(`${place} is written down as data of this stack, but is not: left as it is`);
        }
      }
      const removed = options.volumes ? await removeVolumes(root) : [];
      progress.stop();
      return { stack: basename(root), stopped, removed };
    },
    { evenUnwritable: true },
  );
}
