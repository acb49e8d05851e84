import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { formatEnv, parseEnv } from '../config/dotenv.ts';
import { constantName } from '../config/name.ts';
import { keyringOf } from '../config/outline.ts';
import { environmentWithOwnPorts } from '../config/own-ports.ts';
import { composeProject, placeOf } from '../config/place.ts';
import { prepareFolder } from '../config/secrets.ts';
import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Resource } from '../model/resource.ts';
import type { Service, Stack } from '../model/stack.ts';
import { factsOf, resourcesOfKind } from '../resources/facts.ts';
import { databaseInit } from '../resources/postgres/database-init.ts';
import { declaredContainers } from '../runtimes/containers/declared-containers.ts';
import { composePlace } from '../runtimes/containers/place.ts';
import { readTextFile } from '../text-file.ts';
import { commonEnvironment } from './environment.ts';

/** By its first line a file is known to be ours to overwrite. */
const STAMP = '# Written by qbtc from qbtc.yaml and its secrets: changes made here are lost. Not for git.';
const MODE = 0o600;
const GIT_TIMEOUT_MS = 10_000;
/** What `git check-ignore` answers inside a work tree; outside of one, and without git, it is another code. */
const NOT_IGNORED = 1;
/** APISIX takes keys of 16 characters (`data_encryption.keyring`, AES-128). */
const KEYRING_LENGTH = 16;
/** Where the gateway takes TLS, without the port base. */
const TLS_PORT = 9443;

/**
 * Writes what the compose file is filled in with: its values (ports, names, passwords), and for each service a file with
 * its environment inside the compose network. All of it holds secrets and stands where git ignores it. Writes only what
 * differs; without a compose file nothing.
 *
 * @throws QbtcError `ENV_FILE_FOREIGN` for the file of a service that qbtc did not write; `ENV_FILE_NOT_WRITABLE`;
 *   `ENV_INVALID` for a `.env` of the user that cannot be read
 */
export async function writeEnvFiles(context: Pick<Context, 'exec' | 'env'>, stack: Stack): Promise<void> {
  const hasFile = (await read(stack.composeFile)) !== undefined;
  if (!hasFile && declaredContainers(stack).length === 0) return;
  const { values, folder } = composePlace(stack);
  try {
    await prepareFolder(stack.root);
    await mkdir(dirname(values), { recursive: true, mode: 0o700 });
    await write(values, { ...(await theirValues(context, stack)), ...composeValues(stack) });
    if (!hasFile) return;
    await writeBeside(context, stack);
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) await writeFile(join(folder, '.gitignore'), '*\n');
    for (const service of stack.services) {
      await write(join(folder, `${service.name}.env`), containerEnvironment(stack, service));
    }
    await removeOthers(stack, folder);
    for (const resource of resourcesOfKind(stack, 'postgres')) {
      if (resource.provider === 'external') continue;
      await writeGenerated(stack, `${resource.name}-init.sql`, await databaseInit(stack, resource));
    }
  } catch (error) {
    if (error instanceof QbtcError) throw error;
    throw new QbtcError(
      'ENV_FILE_NOT_WRITABLE',
      `what ${stack.composeFile} is filled in with cannot be written: ${messageOf(error)}`,
      { hint: `make ${folder} writable`, cause: error },
    );
  }
}

/** Compose fills its file in with the `.env` beside it: of a user's it is taken over what qbtc has no value for. */
async function theirValues({ env }: Pick<Context, 'env'>, stack: Stack): Promise<Record<string, string>> {
  const file = join(dirname(stack.composeFile), '.env');
  const text = await readTextFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined || text.startsWith(STAMP)) return {};
  return parseEnv(text, file, (name) => env[name]);
}

/**
 * For a `docker compose` without qbtc: the same values beside the compose file, where qbtc keeps files there. Not over a
 * file of the user, and not where git would take the passwords along.
 */
async function writeBeside({ exec }: Pick<Context, 'exec'>, stack: Stack): Promise<void> {
  const { beside } = composePlace(stack);
  const file = join(dirname(stack.composeFile), '.env');
  const before = await read(file);
  const ours = before?.startsWith(STAMP) === true;
  if (before !== undefined && !ours) return;
  if (beside) {
    const { exitCode } = await exec('git', ['check-ignore', '--quiet', file], {
      cwd: dirname(file),
      timeoutMs: GIT_TIMEOUT_MS,
    });
    if (exitCode !== NOT_IGNORED) return await write(file, composeValues(stack));
  }
  // Of an earlier qbtc, which wrote it wherever the compose file was.
  if (ours) await rm(file, { force: true });
  if (!beside) await removeOurs(stack, join(dirname(stack.composeFile), 'env'));
}

/**
 * A file that a container is primed with. It can be read by every account, because the container's is none of ours, but
 * nobody else gets into the folder; it must hold no secret.
 */
export async function writeGenerated(stack: Stack, name: string, text: string): Promise<void> {
  if ((await read(stack.composeFile)) === undefined) return;
  const file = join(composePlace(stack).folder, name);
  if ((await read(file)) === text) return;
  // In place: a container sees the file that was mounted, and no other one of the same name.
  await writeFile(file, text, { mode: 0o644 });
}

/** What the compose file refers to. */
export function composeValues(stack: Stack): Record<string, string> {
  return {
    COMPOSE_PROJECT_NAME: composeProject(stack.name, stack.root),
    QBTC_STACK: stack.name,
    QBTC_PLACE: placeOf(stack.root),
    ...Object.assign({}, ...stack.resources.map((resource) => resourceValues(stack, resource))),
    ...Object.assign({}, ...stack.services.map(portValues)),
  };
}

function resourceValues(stack: Stack, { name, kind, ports, endpoint }: Resource): Record<string, string> {
  const prefix = constantName(name);
  const { user, password, vhost, database, adminKey } = endpoint;
  const { hasKeyring, ports: fields } = factsOf(kind);
  const takesTls = fields.some(({ role }) => role === 'tls');
  const values: Record<string, string | undefined> = {
    USER: user,
    PASSWORD: password,
    VHOST: vhost,
    DATABASE: database,
    ADMIN_KEY: adminKey,
    ...(hasKeyring ? { KEYRING: stack.secrets[keyringOf(name)]?.slice(0, KEYRING_LENGTH) } : {}),
    // The compose file names it, whether it is declared or not.
    ...(takesTls ? { TLS_PORT: String(ports.tls ?? stack.portBase + TLS_PORT) } : {}),
  };
  for (const [role, port] of Object.entries(ports)) {
    values[role === 'main' ? 'PORT' : `${constantName(role)}_PORT`] = String(port);
  }
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[`${prefix}_${key}`, value]],
    ),
  );
}

/** `PORT` inside the container, `PORTS` on this machine: a range, one port a replica. */
function portValues({ name, port, ports, replicas }: Service): Record<string, string> {
  const prefix = constantName(name);
  const range = (first: number) => (replicas === 1 ? String(first) : `${first}-${first + replicas - 1}`);
  const all = [
    ...(port === undefined ? [] : [['', port] as const]),
    ...Object.entries(ports).map(([called, each]) => [`_${constantName(called)}`, each] as const),
  ];
  return {
    ...Object.fromEntries(
      all.flatMap(([end, first]) => [
        [`${prefix}_PORT${end}`, String(first)],
        [`${prefix}_PORTS${end}`, range(first)],
      ]),
    ),
    [`${prefix}_REPLICAS`]: String(replicas),
  };
}

/** The whole environment of a service inside the compose network. */
export function containerEnvironment(
  stack: Stack,
  { name, port, ports, containerEnv }: Service,
): Record<string, string> {
  const common = commonEnvironment(stack, name, (service) => service);
  return {
    HOST: '0.0.0.0',
    ...common,
    // Each container has a network of its own: all replicas listen on the same ports.
    ...environmentWithOwnPorts(containerEnv, { port, ports }),
    ...(port === undefined ? {} : { PORT: String(port) }),
    SERVICE_NAME: name,
  };
}

async function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

async function write(file: string, values: Readonly<Record<string, string>>): Promise<void> {
  const text = `${STAMP}\n${formatEnv(values)}`;
  const before = await read(file);
  if (before === text) return;
  if (before !== undefined && !before.startsWith(STAMP)) {
    throw new QbtcError('ENV_FILE_FOREIGN', `${file} was not written by qbtc, and is in the way of what is`, {
      hint: `move ${file} away; what it says belongs into "env" of the service in qbtc.yaml`,
    });
  }
  await writeFileAtomic(file, text, { mode: MODE, fsync: false });
}

/** Of services that are declared no longer. */
async function removeOthers(stack: Stack, folder: string): Promise<void> {
  const known = new Set(stack.services.map(({ name }) => `${name}.env`));
  for (const name of await readdir(folder)) {
    const file = join(folder, basename(name));
    if (known.has(name) || !name.endsWith('.env') || !(await read(file))?.startsWith(STAMP)) continue;
    await rm(file, { force: true });
  }
}

/** A folder that an earlier qbtc wrote beside the compose file; whatever else is in it stays. */
async function removeOurs(stack: Stack, folder: string): Promise<void> {
  const stamped: string[] = [];
  for (const name of (await readdir(folder).catch(() => [])).filter((each) => each.endsWith('.env')))
    if ((await read(join(folder, name)))?.startsWith(STAMP)) stamped.push(name);
  if (stamped.length === 0) return;
  const primed = stack.resources.flatMap(({ name }) => [`${name}-init.sql`, `${name}-definitions.json`]);
  for (const name of [...stamped, ...primed]) await rm(join(folder, name), { force: true });
  await rmdir(folder).catch(() => {});
}
