import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { TestEngine } from './engine.ts';
import { installPackages, run } from './run.ts';

/** Bundled into a benchmark, this file stands elsewhere; those are run from the checkout. */
const BESIDE = dirname(fileURLToPath(import.meta.url));
const HERE = existsSync(join(BESIDE, 'server-entrypoint.sh')) ? BESIDE : join('test', 'support', 'docker');
const SERVERS = 'qbtc-test/servers';
/** Made once a machine: Debian's own programs in one root file system. */
const SERVERS_TAR = join(tmpdir(), 'qbtc-test-servers.tar');
const PYTHON_TAR = join(tmpdir(), 'qbtc-test-python.tar');
const PACKAGES = ['rabbitmq-server', 'redis-server', 'postgresql', 'etcd-server', 'etcd-client'];

/** What the image of a service of the compose file is built from. APISIX is not here: its image cannot be had. */
const KINDS: Record<string, string[]> = {
  broker: ['ENV QBTC_TEST_SERVER=rabbitmq', 'EXPOSE 5672 15672', 'CMD ["rabbitmq-server"]'],
  cache: ['ENV QBTC_TEST_SERVER=redis', 'WORKDIR /data', 'CMD ["redis-server"]'],
  database: [
    'ENV QBTC_TEST_SERVER=postgres PGDATA=/var/lib/postgresql/data',
    'STOPSIGNAL SIGINT',
    'CMD ["postgres"]',
  ],
  'gateway-etcd': ['ENV QBTC_TEST_SERVER=etcd ETCDCTL_API=3', 'CMD ["etcd"]'],
};

/**
 * Builds, in this engine, images with the real servers under the names that the compose file uses, and a Node base for
 * the images of the services. Answers with the reason where that is not possible.
 */
export async function buildImages(engine: TestEngine, composeFile: string): Promise<string | undefined> {
  const missing = await makeRoot(SERVERS_TAR, 'apt', PACKAGES);
  if (missing !== undefined) return missing;
  const docker = (args: string[]) => run('docker', args, { env: { ...process.env, ...engine.env } });
  const imported = await docker(['import', SERVERS_TAR, SERVERS]);
  if (imported.exitCode !== 0) return imported.stderr;
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-images-'));
  try {
    await copyFile(join(HERE, 'server-entrypoint.sh'), join(folder, 'entrypoint.sh'));
    await chmod(join(folder, 'entrypoint.sh'), 0o755);
    const { services } = parse(await readFile(composeFile, 'utf8'), { merge: true }) as {
      services: Record<string, { image?: string }>;
    };
    for (const [service, lines] of Object.entries(KINDS)) {
      const image = /:-([^}]+)}/.exec(services[service]?.image ?? '')?.[1];
      if (image === undefined) return `${service} names no image`;
      const dockerfile = [
        `FROM ${SERVERS}`,
        'COPY entrypoint.sh /entrypoint.sh',
        'ENTRYPOINT ["/entrypoint.sh"]',
        ...lines,
      ].join('\n');
      await writeFile(join(folder, 'Dockerfile'), dockerfile);
      const built = await docker(['build', '--quiet', '--tag', image, folder]);
      if (built.exitCode !== 0) return built.stderr;
    }
    const base = await readFile(join(dirname(composeFile), 'service.Dockerfile'), 'utf8');
    const node = /^ARG NODE_IMAGE=(\S+)$/m.exec(base)?.[1];
    if (node === undefined) return 'service.Dockerfile names no base';
    return await importNode(docker, node, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An image with this machine's node and a shell, for containers of the tests. Answers with the reason why not. */
export async function buildNodeImage(engine: TestEngine, name: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-image-'));
  try {
    return await importNode(
      (args) => run('docker', args, { env: { ...process.env, ...engine.env } }),
      name,
      folder,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An image with Debian's Python under that name. Answers with the reason why not. */
export async function buildPythonImage(engine: TestEngine, name: string): Promise<string | undefined> {
  const missing = await makeRoot(PYTHON_TAR, 'minbase', ['python3']);
  if (missing !== undefined) return missing;
  const { exitCode, stderr } = await run('docker', ['import', PYTHON_TAR, name], {
    env: { ...process.env, ...engine.env },
  });
  return exitCode === 0 ? undefined : stderr;
}

/** Makes a root file system of Debian with these packages, where it is not there yet. */
async function makeRoot(
  tar: string,
  variant: string,
  packages: readonly string[],
): Promise<string | undefined> {
  if (existsSync(tar)) return undefined;
  const missing = await installPackages(['mmdebstrap'], '/usr/bin/mmdebstrap');
  if (missing !== undefined) return missing;
  const draft = `${tar}.${process.pid}.tar`;
  const words = [`--variant=${variant}`, `--include=${packages.join(',')}`, 'bookworm', draft];
  const { exitCode, stderr } = await run('mmdebstrap', words);
  if (exitCode !== 0) return `the images' base could not be made: ${stderr.slice(-500)}`;
  await rename(draft, tar);
  return undefined;
}

/** This machine's node and npm with the libraries that they need, a shell, and npm's settings of this machine. */
async function importNode(
  docker: (args: string[]) => ReturnType<typeof run>,
  name: string,
  folder: string,
): Promise<string | undefined> {
  const missing = await installPackages(['busybox-static'], '/bin/busybox');
  if (missing !== undefined) return missing;
  const root = join(folder, 'node');
  const place = async (from: string, to: string) => {
    await mkdir(dirname(join(root, to)), { recursive: true });
    await copyFile(await realpath(from), join(root, to));
  };
  await place(process.execPath, '/usr/local/bin/node');
  const libraries = await run('ldd', [process.execPath]);
  for (const [, path = ''] of libraries.stdout.matchAll(/(\/\S+) \(0x/g)) await place(path, path);
  await place('/bin/busybox', '/bin/busybox');
  for (const applet of ['sh', 'find', 'env', 'cat', 'ls', 'rm', 'mkdir', 'cp', 'id', 'touch'])
    await symlink('/bin/busybox', join(root, 'bin', applet));
  await mkdir(join(root, 'usr', 'bin'), { recursive: true });
  await symlink('/bin/busybox', join(root, 'usr', 'bin', 'env'));
  for (const empty of ['tmp', 'root', 'etc'])
    await mkdir(join(root, empty), { recursive: true, mode: 0o1777 });
  await writeFile(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  const npm = (await run('npm', ['root', '--global'])).stdout.trim();
  await cp(join(npm, 'npm'), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  const settings = await Promise.all(
    ['registry', 'strict-ssl'].map(async (key) => {
      const { stdout } = await run('npm', ['config', 'get', key], { cwd: tmpdir() });
      return `${key}=${stdout.trim()}`;
    }),
  );
  const authorities = process.env.NODE_EXTRA_CA_CERTS;
  if (authorities !== undefined && existsSync(authorities)) {
    await place(authorities, '/etc/ssl/certs/ca-certificates.crt');
    settings.push('cafile=/etc/ssl/certs/ca-certificates.crt');
  }
  await mkdir(join(root, 'usr/local/etc'), { recursive: true });
  await writeFile(join(root, 'usr/local/etc/npmrc'), `${settings.join('\n')}\n`);
  const tar = join(folder, 'node.tar');
  await run('tar', ['--create', '--file', tar, '--directory', root, '--owner=0', '--group=0', '.']);
  const path = 'PATH=/usr/local/bin:/usr/bin:/bin';
  const { exitCode, stderr } = await docker([
    'import',
    '--change',
    `ENV ${path}`,
    '--change',
    'CMD ["node"]',
    tar,
    name,
  ]);
  return exitCode === 0 ? undefined : stderr;
}
