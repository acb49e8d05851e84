import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installCompose } from './compose.ts';
import { installPackages, run } from './run.ts';

const DOCKERD = '/usr/sbin/dockerd';
const READY_WITHIN_MS = 30_000;

/** A Docker engine of the tests' own, and what a qbtc needs in its environment to use it. */
export interface TestEngine {
  pid: number;
  socket: string;
  /** `DOCKER_HOST` and `DOCKER_CONFIG`; with the latter the docker program finds compose v2, where it could be had. */
  env: Record<string, string>;
  hasCompose: boolean;
  /** Kills the engine as a crash would; what it ran goes on without it. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends it by pid and removes all that it kept. */
  stop(): Promise<void>;
}

/**
 * Starts Debian's Docker engine on a socket and folders of its own. Installs it where it is missing and this is root on
 * a machine with apt-get; resolves to `{ unavailable: reason }` where no engine can run.
 */
export async function startEngine(): Promise<TestEngine | { unavailable: string }> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { unavailable: 'a Docker engine of the tests needs root on Linux' };
  const missing = await installPackages(['docker.io'], DOCKERD);
  if (missing !== undefined) return { unavailable: missing };
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-docker-'));
  const socket = join(folder, 'docker.sock');
  let pid = 0;
  const start = async () => {
    const log = await open(join(folder, 'dockerd.log'), 'a');
    const child = spawn(
      DOCKERD,
      [
        ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
        ...['--pidfile', join(folder, 'pid'), '--host', `unix://${socket}`],
      ],
      { detached: true, stdio: ['ignore', log.fd, log.fd] },
    );
    await log.close();
    child.unref();
    pid = child.pid ?? 0;
    const deadline = Date.now() + READY_WITHIN_MS;
    while (
      (await run('curl', ['--silent', '--unix-socket', socket, 'http://docker/_ping'])).stdout !== 'OK'
    ) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(
          `dockerd did not start: ${(await readFile(join(folder, 'dockerd.log'), 'utf8')).slice(-1500)}`,
        );
      await sleep(50);
    }
  };
  const ended = async () => {
    while (existsSync(`/proc/${pid}`)) await sleep(20);
  };
  try {
    await start();
  } catch (error) {
    return { unavailable: String(error) };
  }
  const config = join(folder, 'config');
  const hasCompose = await installCompose(config);
  return {
    get pid() {
      return pid;
    },
    socket,
    env: { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: config },
    hasCompose,
    start,
    async kill() {
      const containerd = Number(
        await readFile(join(folder, 'exec', 'containerd', 'containerd.pid'), 'utf8').catch(() => '0'),
      );
      process.kill(pid, 'SIGKILL');
      await ended();
      // It goes with its engine, a moment later; the next engine would wait for it in vain.
      while (containerd > 0 && existsSync(`/proc/${containerd}`)) await sleep(20);
    },
    async stop() {
      // Its networks are interfaces of this machine, which outlive it.
      const env = { ...process.env, DOCKER_HOST: `unix://${socket}` };
      const { stdout: ids } = await run('docker', ['ps', '--all', '--quiet'], { env });
      if (ids.trim() !== '') await run('docker', ['rm', '--force', ...ids.trim().split('\n')], { env });
      await run('docker', ['network', 'prune', '--force'], { env });
      if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGTERM');
      await ended();
      // An engine that was killed leaves the mounts of its containers.
      const { stdout } = await run('findmnt', ['--list', '--noheadings', '--output', 'TARGET']);
      for (const target of stdout
        .split('\n')
        .filter((line) => line.startsWith(folder))
        .reverse())
        await run('umount', ['--lazy', target]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
