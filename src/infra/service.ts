import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import type { Service, Stack } from '../model/stack.ts';
import { bundleService } from './bundle.ts';
import { baseEnvironment, stackEnvironment } from './environment.ts';
import { stackFolders } from './folders.ts';
import type { ProbeResult } from './probe.ts';
import type { ProcessSpec } from './supervision/protocol.ts';

/** One running copy of a service. With one replica it is named as the service, otherwise `NAME-1`, `NAME-2`, …. */
export interface Instance {
  name: string;
  service: Service;
  port: number;
}

export function instancesOf(service: Service): Instance[] {
  return Array.from({ length: service.replicas }, (_, index) => ({
    name: service.replicas === 1 ? service.name : `${service.name}-${index + 1}`,
    service,
    port: service.port + index,
  }));
}

/** How to run an instance: the bundle of its entry, or its own command. */
export async function serviceProcess(
  context: Pick<Context, 'env'>,
  stack: Stack,
  instance: Instance,
): Promise<ProcessSpec> {
  const { service } = instance;
  const bundle =
    service.entry === undefined
      ? undefined
      : await bundleService(stack.root, { ...service, entry: service.entry });
  const [program = process.execPath, ...args] =
    bundle === undefined ? (service.command ?? []) : [process.execPath, bundle.file];
  const env = environmentOf(stack, instance);
  // Without what the caller's own environment adds: a second terminal is no reason to start a service anew.
  const digest = createHash('sha256').update(JSON.stringify([program, args, env, service.path]));
  return {
    name: instance.name,
    program,
    args,
    cwd: service.path,
    env: { ...baseEnvironment(context.env), ...env },
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 15_000,
    logFile: stackFolders(stack.root).logFile(instance.name),
    dependsOn: stack.services
      .filter(({ name }) => service.dependsOn.includes(name))
      .flatMap((needed) => instancesOf(needed).map(({ name }) => name))
      .concat(stack.resources.filter(({ name }) => service.dependsOn.includes(name)).map(({ name }) => name)),
    ports: [instance.port],
    readyCheck: { url: `http://127.0.0.1:${instance.port}${service.health}` },
    fingerprint: digest.digest('hex'),
  };
}

function environmentOf(stack: Stack, { service, port }: Instance): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    ...stackEnvironment(stack, service.name, () => '127.0.0.1'),
    ...service.env,
    PORT: String(port),
    SERVICE_NAME: service.name,
  };
}

/** How to run another program of a service, bundled as the service is and with its environment. */
export async function runBundled(
  context: Pick<Context, 'env'>,
  stack: Stack,
  instance: Instance,
  given: { name: string; path: string; entry: string },
): Promise<{ program: string; args: string[]; env: Record<string, string> }> {
  const { file } = await bundleService(stack.root, given);
  const env = { ...baseEnvironment(context.env), ...environmentOf(stack, instance) };
  return { program: process.execPath, args: [file], env };
}

/** Asks an instance for its health document, and whether it is the service that should be there. */
export async function probeService(
  context: Pick<Context, 'http'>,
  instance: Instance,
  timeoutMs: number,
): Promise<ProbeResult> {
  const url = `http://127.0.0.1:${instance.port}${instance.service.health}`;
  try {
    const answer = await context.http(url, { timeoutMs });
    const document = parseObject(answer.body);
    const identity = document?.service ?? document?.name;
    if (identity !== undefined && identity !== instance.service.name) {
      return { ready: false, reason: `port ${instance.port} answers as ${String(identity)}`, refused: true };
    }
    if (answer.status !== 200) {
      return {
        ready: false,
        reason: `${instance.service.health} answers ${answer.status}${failedChecks(document)}`,
        refused: false,
      };
    }
    return { ready: true, found: document ?? { status: answer.status } };
  } catch (error) {
    return { ready: false, reason: messageOf(error), refused: false };
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The names and reasons of the checks that a health document reports as not healthy. */
function failedChecks(document: Record<string, unknown> | undefined): string {
  const checks = Object.entries(
    (document?.checks ?? {}) as Record<string, { status?: string; reason?: string }>,
  );
  const failed = checks.filter(([, check]) => check?.status !== undefined && check.status !== 'healthy');
  if (failed.length === 0) return '';
  return ` (${failed.map(([name, check]) => `${name}: ${check.reason ?? check.status}`).join(', ')})`;
}
