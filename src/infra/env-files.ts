import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { composeProject, placeOf } from '../config/place.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Resource } from '../model/resource.ts';
import type { Service, Stack } from '../model/stack.ts';
import { formatEnv } from './containers/env-file.ts';
import { databaseInit } from './database-init.ts';
import { stackEnvironment } from './environment.ts';

/** By its first line a file is known to be ours to overwrite. */
const STAMP = '# Written by qbtc from qbtc.yaml and its secrets: changes made here are lost. Not for git.';
const MODE = 0o600;
/** APISIX takes keys of 16 characters (`data_encryption.keyring`, AES-128). */
const KEYRING_LENGTH = 16;
/** Where the gateway takes TLS, without the port base. */
const TLS_PORT = 9443;

/**
 * Writes what the compose file is filled in with: `.env` beside it (ports, names, passwords), and `env/SERVICE.env` with
 * the environment of each service inside the compose network. Writes only what differs; without a compose file nothing.
 *
 * @throws QbtcError `ENV_FILE_FOREIGN` for a file that qbtc did not write; `ENV_FILE_NOT_WRITABLE`
 */
export async function writeEnvFiles(stack: Stack): Promise<void> {
  const { composeFile } = stack;
  if ((await read(composeFile)) === undefined) return;
  const folder = dirname(composeFile);
  try {
    await write(join(folder, '.env'), composeValues(stack));
    await mkdir(join(folder, 'env'), { recursive: true, mode: 0o700 });
    for (const service of stack.services) {
      await write(join(folder, 'env', `${service.name}.env`), serviceValues(stack, service));
    }
    await removeOthers(stack, join(folder, 'env'));
    for (const resource of stack.resources) {
      if (resource.kind !== 'postgres' || resource.provider === 'external') continue;
      await writeGenerated(stack, `${resource.name}-init.sql`, await databaseInit(stack, resource));
    }
  } catch (error) {
    if (error instanceof QbtcError) throw error;
    throw new QbtcError(
      'ENV_FILE_NOT_WRITABLE',
      `the env-files in ${folder} cannot be written: ${messageOf(error)}`,
      {
        hint: 'make the folder writable',
        cause: error,
      },
    );
  }
}

/**
 * A file in `env/` that a container is primed with. It can be read by every account, because the container's is none of
 * ours, but nobody else gets into the folder; it must hold no secret.
 */
export async function writeGenerated({ composeFile }: Stack, name: string, text: string): Promise<void> {
  if ((await read(composeFile)) === undefined) return;
  const file = join(dirname(composeFile), 'env', name);
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
  const values: Record<string, string | undefined> = {
    USER: user,
    PASSWORD: password,
    VHOST: vhost,
    DATABASE: database,
    ADMIN_KEY: adminKey,
    ...(kind === 'apisix'
      ? {
          KEYRING: stack.secrets[`${name}-keyring`]?.slice(0, KEYRING_LENGTH),
          TLS_PORT: String(ports.tls ?? stack.portBase + TLS_PORT),
        }
      : {}),
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
function portValues({ name, port, replicas }: Service): Record<string, string> {
  const prefix = constantName(name);
  return {
    [`${prefix}_PORT`]: String(port),
    [`${prefix}_PORTS`]: replicas === 1 ? String(port) : `${port}-${port + replicas - 1}`,
    [`${prefix}_REPLICAS`]: String(replicas),
  };
}

function serviceValues(stack: Stack, { name, port, containerEnv }: Service): Record<string, string> {
  const common = stackEnvironment(stack, name, (service) => service);
  return { HOST: '0.0.0.0', ...common, ...containerEnv, PORT: String(port), SERVICE_NAME: name };
}

/** `llm-api` → `LLM_API`. */
export function constantName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
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
      hint: `move ${file} away; variables for qbtc.yaml belong into the .env beside it`,
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
