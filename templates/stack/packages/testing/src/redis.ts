import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild, eventually, findProgram, freePorts, startChild, type TestServer } from './server.ts';

export const redisServer = {
  name: 'Redis',
  found: findProgram([
    '/usr/bin/redis-server',
    '/usr/local/bin/redis-server',
    '/opt/homebrew/bin/redis-server',
  ]),
  install: 'apt-get install redis-server',
};

export async function startRedis(): Promise<TestServer> {
  const program = redisServer.found;
  if (program === undefined) throw new Error('Redis is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'stack-redis-'));
  const [port = 0] = await freePorts(1);
  let child: ReturnType<typeof startChild> | undefined;
  const start = async () => {
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--daemonize',
      'no',
    ];
    child = startChild(program, args);
    await eventually('Redis answers', () => answers(port), { timeoutMs: 10_000 });
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill: () => endChild(child?.process, 'SIGKILL'),
    async stop() {
      await endChild(child?.process, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
