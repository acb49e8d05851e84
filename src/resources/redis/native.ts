import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { stackFolders } from '../../state/folders.ts';
import type { NativePart } from '../native-part.ts';
import { nativeProcess } from '../native-process.ts';
import type { ServerProgram } from '../programs.ts';

export const redisServer: ServerProgram = {
  name: 'redis-server',
  package: 'redis-server',
  // ACLs, and RESP3.
  leastMajor: 6,
  places: {
    darwin: ['/opt/homebrew/bin', '/usr/local/bin'],
    win32: ['C:\\Program Files\\Redis', 'C:\\Program Files\\Memurai'],
  },
};

export const nativeRedis: NativePart = {
  program: redisServer,
  what: 'Redis',
  async prepare(context, stack, resource, { path }) {
    const { host, port, password = '' } = resource.endpoint;
    // Its own folder: what the embedded one would keep is of another form.
    const folder = join(stackFolders(stack.root).data, `${resource.name}-redis`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'redis.conf');
    const lines = [
      `bind ${host}`,
      `port ${port}`,
      'dir ./',
      'appendonly yes',
      'save ""',
      'daemonize no',
      ...(resource.maxMemoryBytes === undefined ? [] : [`maxmemory ${resource.maxMemoryBytes}`]),
      ...(resource.eviction === undefined ? [] : [`maxmemory-policy ${resource.eviction}`]),
      // In the file, not among the arguments: those can be read by every account.
      `requirepass "${password.replace(/["\\]/g, '\\$&')}"`,
      '',
    ];
    await writeFileAtomic(file, lines.join('\n'), { mode: 0o600, fsync: false });
    return [
      nativeProcess(context, stack, {
        name: resource.name,
        program: path,
        args: ['redis.conf'],
        cwd: folder,
        ports: Object.values(resource.ports),
        stopTimeoutMs: 15_000,
        // A password that is rotated reaches the running server without a restart.
        configuration: lines.filter((line) => !line.startsWith('requirepass')).join('\n'),
      }),
    ];
  },
};
