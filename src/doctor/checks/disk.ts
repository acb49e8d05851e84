import { stat, statfs } from 'node:fs/promises';
import { cacheFolder } from '../../state/index.ts';
import { type Check, fail, pass, warning } from '../check.ts';

const GB = 1000 ** 3;
/** Data, logs and bundles; images of Docker come on top. */
const WANTED = 2 * GB;
const LEAST = 0.2 * GB;

/** Whether there is room for the stack's data, and for Docker's images where it runs there. */
export const disk: Check = async ({ stack, inStack, context, engine }) => {
  const folder = inStack ? stack.root : context.cwd;
  const free = await freeBytes(folder);
  const state = await engine;
  const docker =
    state.reachable && state.root !== '' ? await freeBytes(state.root).catch(() => undefined) : undefined;
  const cache = cacheFolder(context.env);
  const isKept = await stat(cache).then(
    () => true,
    () => false,
  );
  const found = [
    `${(free / GB).toFixed(1)} GB free for the stack`,
    ...(docker === undefined ? [] : [`${(docker / GB).toFixed(1)} GB for Docker`]),
    ...(isKept ? [`what can be made again is in ${cache}`] : []),
  ].join(', ');
  if (free < LEAST) return fail(found, `free space on the disk of ${folder}`);
  const least = Math.min(free, docker ?? free);
  return least < WANTED ? warning(found, 'free space; Docker: docker system prune') : pass(found);
};

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
