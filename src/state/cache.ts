import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where qbtc keeps what all stacks of an account share and what can be made again: `~/.cache/qbtc`, or where the system
 * or `XDG_CACHE_HOME` has such things.
 */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const { XDG_CACHE_HOME: told = '', LOCALAPPDATA: local = '' } = env;
  if (isAbsolute(told)) return join(told, 'qbtc');
  if (process.platform === 'win32' && isAbsolute(local)) return join(local, 'qbtc', 'cache');
  const home = env.HOME ?? homedir();
  return process.platform === 'darwin'
    ? join(home, 'Library', 'Caches', 'qbtc')
    : join(home, '.cache', 'qbtc');
}
