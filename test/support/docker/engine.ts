import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** Compose v2 comes with the Debian release after this one: it is unpacked into a folder for plugins, not installed. */
async function installCompose(config: string): Promise<boolean> {
  const plugins = join(config, 'cli-plugins');
  await mkdir(plugins, { recursive: true });
  await writeFile(join(config, 'config.json'), '{}');
  const cache = join(tmpdir(), 'qbtc-test-compose');
  const kept = join(cache, 'docker-compose');
  if (!existsSync(kept) && !(await downloadCompose(cache, kept))) return false;
  for (const name of ['docker-compose', 'docker-buildx']) {
    if (existsSync(join(cache, name))) await copyFile(join(cache, name), join(plugins, name));
    await chmod(join(plugins, name), 0o755);
  }
  const { exitCode } = await run('docker', ['compose', 'version'], {
    env: { ...process.env, DOCKER_CONFIG: config },
  });
  return exitCode === 0;
}

async function downloadCompose(cache: string, kept: string): Promise<boolean> {
  await mkdir(join(cache, 'lists', 'partial'), { recursive: true });
  // The mirror that this machine uses, with the next release in the place of its own.
  const sources = await run('sh', [
    '-c',
    'cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null',
  ]);
  const mirror = /(?:URIs:|^deb)\s+(\S+\/debian)\/?(?:\s|$)/m.exec(sources.stdout)?.[1];
  if (mirror === undefined) return false;
  const list = join(cache, 'next.sources');
  await writeFile(
    list,
    [
      'Types: deb',
      `URIs: ${mirror}`,
      'Suites: trixie',
      'Components: main',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
      '',
    ].join('\n'),
  );
  const options = [
    ...['-o', `Dir::Etc::sourcelist=${list}`, '-o', 'Dir::Etc::sourceparts=-'],
    ...['-o', `Dir::State::lists=${join(cache, 'lists')}`],
  ];
  if ((await run('apt-get', [...options, 'update'])).exitCode !== 0) return false;
  await run('apt-get', [...options, 'download', 'docker-compose', 'docker-buildx'], { cwd: cache });
  for (const name of (await readdir(cache)).filter((file) => file.endsWith('.deb'))) {
    await run('dpkg-deb', ['-x', join(cache, name), join(cache, 'unpacked')]);
  }
  for (const name of ['docker-buildx', 'docker-compose']) {
    const program = join(cache, 'unpacked', 'usr', 'libexec', 'docker', 'cli-plugins', name);
    if ((await stat(program).catch(() => undefined)) !== undefined)
      await copyFile(program, join(cache, name));
  }
  return existsSync(kept);
}
