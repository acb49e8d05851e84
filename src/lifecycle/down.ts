import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { DownResult } from '../model/lifecycle.ts';
import { foreignPlaces, removeVolumes } from '../resources/index.ts';
import { containedParts, containersAt } from '../runtimes/containers/index.ts';
import { processRuntime } from '../runtimes/processes/index.ts';
import { forgetName, RUNNING_STATE, readChoices, statePath } from '../state/index.ts';
import { withLock } from './lock.ts';

/**
 * Ends every process and container of the stack at `root`, dependants first, then the supervisor. Reads only what the
 * supervisor and the engine know, so that it works with a broken `qbtc.yaml`, and after the supervisor was killed. What
 * is adopted stays.
 *
 * @throws QbtcError `CONTAINERS_LEFT` when the stack has containers and their engine cannot be reached; all else has
 *   ended then
 */
export async function down(
  context: Context,
  root: string,
  options: { volumes: boolean },
): Promise<DownResult> {
  return withLock(
    root,
    'qbtc down',
    async () => {
      const { progress } = context.io;
      try {
        const stopped = await endProcesses(context, root);
        const contained = await endContainers(context, root, options);
        // On a disk that cannot be written they stay: what they name is gone, and everybody who reads them checks that.
        for (const name of RUNNING_STATE) await rm(statePath(root, name), { force: true }).catch(() => {});
        if (options.volumes) {
          for (const place of await foreignPlaces(root)) {
            context.io.err(`${place} is not data of this stack: left as it is`);
          }
        }
        const removed = options.volumes ? await removeVolumes(root) : [];
        if (options.volumes) await forgetName(root);
        return {
          stack: basename(root),
          stopped: [...stopped, ...contained.stopped],
          removed: [...contained.volumes, ...removed],
        };
      } finally {
        progress.stop();
      }
    },
    { evenUnwritable: true },
  );
}

async function endProcesses(context: Context, root: string): Promise<string[]> {
  const { progress } = context.io;
  const { stopped } = await processRuntime(context, root).remove({
    volumes: false,
    onEnding(names) {
      for (const name of names) progress.step(name, 'ending');
    },
    onStopped: (name) => progress.done(name, 'ended'),
  });
  return stopped;
}

async function endContainers(
  context: Context,
  root: string,
  { volumes }: { volumes: boolean },
): Promise<{ stopped: string[]; volumes: string[] }> {
  const { progress } = context.io;
  try {
    return await containersAt(context, root).remove({
      volumes,
      onEnding() {},
      onStopped: (service) => progress.done(service, 'ended'),
    });
  } catch (error) {
    const plan = await readChoices(root).catch((damage: unknown) => {
      context.io.err(
        `${messageOf(damage)}; had the stack containers? then start the Docker engine, and run again: qbtc down`,
      );
      return undefined;
    });
    const expected = [...containedParts(plan)];
    // Most machines have no engine, and then there is nothing in it.
    if (expected.length === 0) return { stopped: [], volumes: [] };
    throw new QbtcError(
      'CONTAINERS_LEFT',
      `the containers of ${expected.join(', ')} could not be ended: ${messageOf(error)}`,
      { hint: 'start the Docker engine, then run again: qbtc down', cause: error },
    );
  }
}
