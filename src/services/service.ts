import { createHash } from 'node:crypto';
import { instanceNames } from '../config/name.ts';
import { environmentWithOwnPorts, type OwnPorts, withOwnPorts } from '../config/own-ports.ts';
import { nodesOf, portsOfInstance } from '../config/service-address.ts';
import type { Context } from '../context.ts';
import type { Service, Stack } from '../model/stack.ts';
import { baseEnvironment } from '../runtimes/processes/environment.ts';
import type { ProcessSpec } from '../runtimes/processes/protocol.ts';
import type { ReadyCheck } from '../runtimes/processes/ready-check.ts';
import { stackFolders } from '../state/folders.ts';
import { Bundles, nodeArguments } from './bundle.ts';
import { commonEnvironment } from './environment.ts';

/** How long something must live that nobody can ask before it counts as ready again. */
const SETTLED_MS = 2_000;

/** One running copy of a service. With one replica it is named as the service, otherwise `NAME-1`, `NAME-2`, …. */
export interface Instance extends OwnPorts {
  name: string;
  service: Service;
  /** Where it is reached from this machine, without a path: `http://127.0.0.1:8000`; `undefined`: nowhere. */
  url: string | undefined;
}

export function instancesOf(service: Service): Instance[] {
  const nodes = nodesOf(service);
  return instanceNames(service.name, service.replicas).map((name, index) => ({
    name,
    service,
    url: nodes[index]?.url,
    port: service.port === undefined ? undefined : service.port + index,
    ports: Object.fromEntries(Object.entries(service.ports).map(([called, port]) => [called, port + index])),
  }));
}

/** The instances that qbtc runs: all but those of services that are adopted. */
export function ownInstances(services: readonly Service[]): Instance[] {
  return services.filter(({ url }) => url === undefined).flatMap(instancesOf);
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
  const [program = process.execPath, ...words] =
    bundle === undefined
      ? (service.command ?? []).map((word) => withOwnPorts(word, instance))
      : [process.execPath, ...nodeArguments(bundle)];
  const args = [...inspectArguments(instance), ...words];
  const env = ownEnvironment(stack, instance);
  // Without what the caller's own environment adds: a second terminal is no reason to start a service anew.
  const digest = createHash('sha256').update(JSON.stringify([program, args, env, service.path]));
  return {
    name: instance.name,
    program,
    args,
    cwd: service.path,
    env: { ...baseEnvironment(context.env), ...env },
    stopSignal: service.stopSignal,
    stopsGroup: true,
    stopTimeoutMs: service.stopTimeoutMs,
    logFile: stackFolders(stack.root).logFile(instance.name),
    dependsOn: stack.services
      .filter(({ name }) => service.dependsOn.includes(name))
      .flatMap((needed) => instancesOf(needed).map(({ name }) => name))
      .concat(stack.resources.filter(({ name }) => service.dependsOn.includes(name)).map(({ name }) => name)),
    ports: portsOfInstance(instance),
    readyCheck: readyCheckOf(instance),
    fingerprint: digest.digest('hex'),
  };
}

/** Two of them cannot have one port: the debugger attaches to the first. */
function inspectArguments({ name, service }: Instance): string[] {
  const [first] = instancesOf(service);
  return service.inspectPort === undefined || name !== first?.name
    ? []
    : [`--inspect=127.0.0.1:${service.inspectPort}`];
}

/** What the supervisor asks on its own after a restart; all else is asked by those who look at the service. */
function readyCheckOf({ url, port, service: { health } }: Instance): ReadyCheck {
  if (health.kind === 'http')
    return { url: `${url}${health.path}`, ...(health.status === undefined ? {} : { well: health.status }) };
  if ((health.kind === 'tcp' || health.kind === 'grpc') && port !== undefined) return { port };
  return { livesMs: SETTLED_MS };
}

function ownEnvironment(stack: Stack, instance: Instance): Record<string, string> {
  const { service, port } = instance;
  return {
    HOST: '127.0.0.1',
    ...commonEnvironment(stack, service.name, () => '127.0.0.1'),
    ...environmentWithOwnPorts(service.env, instance),
    ...(port === undefined ? {} : { PORT: String(port) }),
    SERVICE_NAME: service.name,
  };
}

/** The whole environment of an instance that runs as a process. */
export function environmentOf(
  { env }: Pick<Context, 'env'>,
  stack: Stack,
  instance: Instance,
): Record<string, string> {
  return { ...baseEnvironment(env), ...ownEnvironment(stack, instance) };
}

/** How to run another program of a service, bundled as the service is and with its environment. */
export async function runBundled(
  context: Pick<Context, 'env' | 'installation'>,
  stack: Stack,
  instance: Instance,
  given: { name: string; path: string; entry: string },
): Promise<{ program: string; args: string[]; env: Record<string, string> }> {
  const bundle = await new Bundles(stack.root, context).bundle(given);
  return {
    program: process.execPath,
    args: nodeArguments(bundle),
    env: environmentOf(context, stack, instance),
  };
}
