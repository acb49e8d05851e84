import { createHash } from 'node:crypto';
import { instanceNames } from '../config/name.ts';
import type { Context } from '../context.ts';
import { askHealth, type Holder, holders, judgeHealth, namesHealth, type RunAs } from '../health/index.ts';
import type { Service, Stack } from '../model/stack.ts';
import type { ProbeResult } from '../resources/probe.ts';
import { baseEnvironment } from '../runtimes/processes/environment.ts';
import type { ProcessSpec } from '../runtimes/processes/protocol.ts';
import { stackFolders } from '../state/folders.ts';
import { Bundles, nodeArguments } from './bundle.ts';
import { commonEnvironment } from './environment.ts';

/** One running copy of a service. With one replica it is named as the service, otherwise `NAME-1`, `NAME-2`, …. */
export interface Instance {
  name: string;
  service: Service;
  port: number;
}

export function instancesOf(service: Service): Instance[] {
  return instanceNames(service.name, service.replicas).map((name, index) => ({
    name,
    service,
    port: service.port + index,
  }));
}

/** How to run an instance: the bundle of its entry, or its own command. */
export async function serviceProcess(
  context: Pick<Context, 'env' | 'installation'>,
  stack: Stack,
  instance: Instance,
  bundles = new Bundles(stack.root, context),
): Promise<ProcessSpec> {
  const { service } = instance;
  const bundle =
    service.entry === undefined ? undefined : await bundles.bundle({ ...service, entry: service.entry });
  const [program = process.execPath, ...args] =
    bundle === undefined ? (service.command ?? []) : [process.execPath, ...nodeArguments(bundle)];
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
    ...commonEnvironment(stack, service.name, () => '127.0.0.1'),
    ...service.env,
    PORT: String(port),
    SERVICE_NAME: service.name,
  };
}

/** How to run another program of a service, bundled as the service is and with its environment. */
export async function runBundled(
  context: Pick<Context, 'env' | 'installation'>,
  stack: Stack,
  instance: Instance,
  given: { name: string; path: string; entry: string },
): Promise<{ program: string; args: string[]; env: Record<string, string> }> {
  const bundle = await new Bundles(stack.root, context).bundle(given);
  const env = { ...baseEnvironment(context.env), ...environmentOf(stack, instance) };
  return { program: process.execPath, args: nodeArguments(bundle), env };
}

/**
 * Asks an instance for its health document, and whether it is the service that should be there.
 *
 * @param runs how qbtc runs it now: whose process answers decides who it is
 */
export async function probeService(
  context: Pick<Context, 'http' | 'host'>,
  instance: Instance,
  { runs, timeoutMs, holderOf = holders(context.host) }: ServiceProbe,
): Promise<ProbeResult> {
  const { port, service } = instance;
  const answer = await askHealth(context, `http://127.0.0.1:${port}${service.health}`, timeoutMs);
  const holder: Holder = answer.status === undefined ? { whose: 'unseen' } : await holderOf(port, runs);
  const judged = judgeHealth(answer, {
    name: service.name,
    port,
    holder,
    pathIsNamed: namesHealth(service.health),
  });
  if (judged.healthy) return { ready: true, found: answer.document ?? { status: answer.status } };
  const { problem: kind, status, credentialRefused, reason } = judged;
  return {
    ready: false,
    reason,
    refused: kind === 'stranger' || kind === 'other-name',
    problem: {
      kind,
      ...(status === undefined ? {} : { status }),
      ...(credentialRefused === undefined ? {} : { credentialRefused }),
    },
  };
}

export interface ServiceProbe {
  runs: RunAs;
  timeoutMs: number;
  /** Left out, the table of sockets is read for this one. */
  holderOf?: ReturnType<typeof holders>;
}
