import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import type { DockerConnect } from '../context.ts';
import { QbtcError } from '../errors.ts';
import { readTextFile } from '../text-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The engine that the docker program would talk to, through dockerode, which is loaded when first used. Opening it asks
 * nothing yet.
 */
export function createDocker(env: Environment, platform: NodeJS.Platform): DockerConnect {
  return async ({ timeoutMs } = {}) => {
    const address = await engineAddress(env, platform);
    const options = {
      ...connectionOptions(address),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    };
    const certificates = address.startsWith('tcp:') ? await readCertificates(env) : {};
    const { default: Dockerode } = await import('dockerode');
    return { address, engine: new Dockerode({ ...options, ...certificates }) };
  };
}

/**
 * Where the engine is, as the docker program finds it: `DOCKER_HOST`, then the current context, then the place that is
 * usual on the platform.
 */
export async function engineAddress(env: Environment, platform: NodeJS.Platform): Promise<string> {
  if (env.DOCKER_HOST) return env.DOCKER_HOST;
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const folder = env.DOCKER_CONFIG || join(home, '.docker');
  const chosen = env.DOCKER_CONTEXT || (await readJson(join(folder, 'config.json')))?.currentContext;
  if (typeof chosen === 'string' && chosen !== '' && chosen !== 'default') {
    // A context is kept under the digest of its name.
    const digest = createHash('sha256').update(chosen).digest('hex');
    const meta = await readJson(join(folder, 'contexts', 'meta', digest, 'meta.json'));
    const endpoint = (meta?.Endpoints as { docker?: { Host?: unknown } } | undefined)?.docker?.Host;
    if (typeof endpoint === 'string' && endpoint !== '') return endpoint;
  }
  if (platform === 'win32') return 'npipe:////./pipe/docker_engine';
  const usual = [
    '/var/run/docker.sock',
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    ...(platform === 'darwin' ? [join(home, '.docker', 'run', 'docker.sock')] : []),
  ];
  return `unix://${usual.find((path) => existsSync(path)) ?? usual[0]}`;
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readTextFile(file));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function connectionOptions(address: string): Docker.DockerOptions {
  if (address.startsWith('unix://')) return { socketPath: address.slice('unix://'.length) };
  if (address.startsWith('npipe://')) return { socketPath: address.slice('npipe://'.length) };
  if (/^(tcp|https?):\/\//.test(address) && URL.canParse(address)) {
    const { protocol, hostname, port } = new URL(address.replace(/^tcp:/, 'http:'));
    const secure = protocol === 'https:';
    return { protocol: secure ? 'https' : 'http', host: hostname, port: port || (secure ? 2376 : 2375) };
  }
  throw new QbtcError('ENGINE_UNREACHABLE', `an engine at ${address} cannot be used`, {
    hint: 'set DOCKER_HOST to unix://… or tcp://…, or choose another context: docker context use default',
  });
}

/** As the docker program reads them when TLS is asked for. */
async function readCertificates(env: Environment): Promise<Docker.DockerOptions> {
  if (!env.DOCKER_TLS_VERIFY || !env.DOCKER_CERT_PATH) return {};
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readTextFile(join(env.DOCKER_CERT_PATH ?? '', name))),
  );
  return { protocol: 'https', ca, cert, key } as Docker.DockerOptions;
}
