import { randomBytes } from 'node:crypto';
import { access, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { Resource } from '../../model/resource.ts';
import { stackFolders } from '../../state/folders.ts';
import type { NativePart } from '../native-part.ts';
import { nativeProcess } from '../native-process.ts';
import type { ServerProgram } from '../programs.ts';

/** Erlang writes to its disks in order before it ends. */
const STOP_TIMEOUT_MS = 60_000;
const PORT_ROLES = ['distribution', 'mapper', 'prometheus'] as const;
type Ports = Record<(typeof PORT_ROLES)[number], number>;

export const rabbitmqServer: ServerProgram = {
  name: 'rabbitmq-server',
  package: 'rabbitmq-server',
  // Quorum queues with a delivery limit, and `default_vhost` in its configuration.
  leastMajor: 3,
  places: {
    // Debian's wrapper in /usr/sbin insists on the account `rabbitmq`.
    linux: ['/usr/lib/rabbitmq/bin'],
    darwin: ['/opt/homebrew/opt/rabbitmq/sbin', '/usr/local/opt/rabbitmq/sbin'],
    win32: [{ versions: 'C:\\Program Files\\RabbitMQ Server', inside: 'sbin' }],
  },
  // Starting Erlang takes a second, and its folder says it.
  async versionOf(path) {
    return /rabbitmq[_-]server-(\d+(?:\.\d+)*)|rabbitmq[\\/](\d+(?:\.\d+)*)[\\/]/i
      .exec(await realpath(path))
      ?.slice(1)
      .find((found) => found !== undefined);
  },
};

/**
 * A node of its own: home, name, cookie, port mapper, data and ports are all of this stack, so that neither another node
 * nor another stack on the machine ever meets it.
 */
export const nativeRabbitmq: NativePart = {
  program: rabbitmqServer,
  what: 'RabbitMQ',
  async prepare(context, stack, resource, { path }) {
    const folder = join(stackFolders(stack.root).data, `${resource.name}-rabbitmq`);
    await mkdir(join(folder, 'mnesia'), { recursive: true, mode: 0o700 });
    const ports = await stablePorts(context, folder, resource);
    const cookie = await stableCookie(folder);
    const mapper = `${resource.name}-epmd`;
    const configuration = configurationOf(resource, ports);
    await writeFileAtomic(join(folder, 'rabbitmq.conf'), configuration, { mode: 0o600, fsync: false });
    await writeFile(join(folder, 'enabled_plugins'), '[rabbitmq_management,rabbitmq_prometheus].\n');
    // A node that was killed leaves its own behind, which nobody else will ever have.
    await rm(join(folder, 'mnesia', `${nodeName(resource)}.pid`), { force: true });
    return [
      nativeProcess(context, stack, {
        name: mapper,
        partOf: resource.name,
        program: await findMapper(context),
        args: ['-port', String(ports.mapper), '-address', '127.0.0.1'],
        cwd: folder,
        ports: [ports.mapper],
        stopTimeoutMs: 5_000,
        configuration: '',
      }),
      nativeProcess(context, stack, {
        name: resource.name,
        program: path,
        args: [],
        cwd: folder,
        env: {
          HOME: folder,
          RABBITMQ_NODENAME: nodeName(resource),
          RABBITMQ_DIST_PORT: String(ports.distribution),
          ERL_EPMD_PORT: String(ports.mapper),
          ERL_EPMD_ADDRESS: '127.0.0.1',
          RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
          RABBITMQ_LOG_BASE: folder,
          RABBITMQ_LOGS: '-',
          RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
          RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
          RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
          RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}',
        },
        ports: Object.values(resource.ports),
        stopTimeoutMs: STOP_TIMEOUT_MS,
        // The password makes the first user only; one that is rotated reaches the running server without a restart.
        configuration: `${configuration.replace(/^default_pass.*$/m, '')}${cookie}`,
        dependsOn: [mapper],
      }),
    ];
  },
};

function nodeName({ ports }: Resource): string {
  return `qbtc${ports.main ?? 0}@localhost`;
}

function configurationOf({ endpoint, ports: own }: Resource, ports: Ports): string {
  const { host, port, user = '', password = '', vhost = '/' } = endpoint;
  return [
    `listeners.tcp.1 = ${host}:${port}`,
    `management.tcp.ip = ${host}`,
    `management.tcp.port = ${own.management ?? 0}`,
    `prometheus.tcp.ip = ${host}`,
    `prometheus.tcp.port = ${ports.prometheus}`,
    // These make the first user, instead of the one that everybody knows.
    `default_user = ${user}`,
    `default_pass = ${password}`,
    `default_vhost = ${vhost}`,
    'default_user_tags.administrator = true',
    'disk_free_limit.absolute = 50MB',
    'log.console = true',
    'log.file = false',
    '',
  ].join('\n');
}

/** Those of the last time, as long as they are free or the node that runs now is the one that holds them. */
async function stablePorts(
  context: Pick<Context, 'host'>,
  folder: string,
  resource: Resource,
): Promise<Ports> {
  const file = join(folder, 'ports.json');
  const known = knownPorts(await readFile(file, 'utf8').catch(() => ''));
  const listening = new Set((await context.host.listeningSockets()).map(({ port }) => port));
  const runs = listening.has(resource.endpoint.port);
  const chosen = {} as Ports;
  for (const role of PORT_ROLES) {
    const before = known[role];
    const usable = before !== undefined && (runs || !listening.has(before));
    chosen[role] = usable ? before : await freePort();
  }
  await writeFileAtomic(file, JSON.stringify(chosen), { mode: 0o600, fsync: false });
  return chosen;
}

/** Others are chosen where those of the last time cannot be read. */
function knownPorts(text: string): Partial<Ports> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, port]) => Number.isInteger(port)));
  } catch {
    return {};
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Erlang takes it from its home, and refuses one that others can read. */
async function stableCookie(folder: string): Promise<string> {
  const file = join(folder, '.erlang.cookie');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return known;
  const cookie = randomBytes(24).toString('hex');
  await writeFile(file, cookie, { mode: 0o400 });
  return cookie;
}

/** The port mapper of Erlang comes with it. */
async function findMapper({ env }: Pick<Context, 'env'>): Promise<string> {
  const ending = process.platform === 'win32' ? '.exe' : '';
  const usual = ['/usr/lib/erlang/bin', '/opt/homebrew/opt/erlang/bin', '/usr/local/opt/erlang/bin'];
  for (const folder of [...(env.PATH ?? '').split(delimiter), ...usual]) {
    const path = join(folder, `epmd${ending}`);
    if (
      folder !== '' &&
      (await access(path).then(
        () => true,
        () => false,
      ))
    )
      return path;
  }
  throw new QbtcError('PROGRAM_MISSING', "RabbitMQ is installed, but Erlang's epmd is not in PATH", {
    hint: 'add the bin folder of Erlang to PATH, or use: qbtc up --provider broker=embedded',
  });
}
