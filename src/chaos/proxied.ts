import { createServer } from 'node:net';
import type { Context } from '../context.ts';
import { embeddedProgram, hold, letGo, type ProcessSpec } from '../infra/index.ts';
import { endCompanion, startCompanion } from '../lifecycle/companion.ts';
import { up } from '../lifecycle/up.ts';
import type { Fault, InjectedFault } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';
import { bringBack } from './bring-back.ts';
import type { Scene } from './fault-kind.ts';
import { observedParts, refusesOthers } from './processes.ts';

const READY_MS = 60_000;

/** How the proxy treats what it carries; see `embedded/chaos-proxy`. */
type Weather = Record<string, number | boolean | undefined>;

/** Why the part cannot be moved behind a proxy. */
export async function refusesProxy(scene: Scene, fault: Fault): Promise<string | undefined> {
  const refusal = await refusesOthers(scene, fault);
  if (refusal !== undefined) return refusal;
  const parts = await observedParts(scene.context, scene.stack, fault.subject);
  if (parts.some(({ provider }) => provider === 'docker'))
    return `${fault.subject} runs in Docker, where its clients reach it inside of the network: use pause or down`;
  return parts.length > 1 ? `${fault.subject} has ${parts.length} instances` : undefined;
}

/**
 * Moves the part to a free port and puts the proxy where it was: no client needs to know. That takes one restart of the
 * part, which cuts what it was doing.
 */
export async function behindProxy(
  scene: Scene,
  { name, subject }: Fault,
  weather: Weather,
  remember: (memory: Record<string, unknown>) => Promise<void>,
): Promise<void> {
  const { context, stack } = scene;
  const port = portOf(stack, subject);
  const moved = await freePort();
  await remember({ moved });
  await up(context, movedTo(stack, subject, moved), {
    apply: false,
    timeoutMs: READY_MS,
    wishes: {},
    only: [subject],
    exactly: true,
  });
  await hold(stack.root, subject, name);
  const spec = proxySpec(context, stack, subject, { port, moved, weather });
  await startCompanion(context, stack.root, spec, async () => {
    // By the system's table: with a connection of ours it may be told to do anything.
    const sockets = await context.host.listeningSockets();
    return sockets.some((socket) => socket.port === port)
      ? { ready: true, found: {} }
      : { ready: false, reason: `nothing listens on port ${port}`, refused: false };
  });
}

/** Ends the proxy and moves the part back. */
export async function outOfProxy({ context, stack }: Scene, { name, subject }: InjectedFault): Promise<void> {
  await endCompanion(context, stack.root, proxyName(subject));
  await letGo(stack.root, name);
  await bringBack(context, stack, subject);
}

function proxyName(subject: string): string {
  return `${subject}-chaos-proxy`;
}

function portOf({ resources, services }: Stack, subject: string): number {
  const resource = resources.find(({ name }) => name === subject);
  return resource?.endpoint.port ?? services.find(({ name }) => name === subject)?.port ?? 0;
}

/** The same stack with the part at another port; whoever asks it is not told. */
function movedTo(stack: Stack, subject: string, port: number): Stack {
  return {
    ...stack,
    resources: stack.resources.map((resource) => {
      if (resource.name !== subject) return resource;
      const url = new URL(resource.endpoint.url);
      url.port = String(port);
      const address = resource.kind === 'apisix' ? url.href.replace(/\/$/, '') : url.href;
      return {
        ...resource,
        ports: { ...resource.ports, main: port },
        endpoint: { ...resource.endpoint, url: address, port },
      };
    }),
    services: stack.services.map((service) => (service.name === subject ? { ...service, port } : service)),
  };
}

function proxySpec(
  context: Pick<Context, 'env' | 'installation'>,
  stack: Stack,
  subject: string,
  { port, moved, weather }: { port: number; moved: number; weather: Weather },
): ProcessSpec {
  const place = { name: proxyName(subject), ports: { main: port }, endpoint: { port } };
  const to = { host: '127.0.0.1', port: moved };
  const spec = embeddedProgram(context, stack, place, 'chaos-proxy', {
    host: '127.0.0.1',
    port,
    to,
    ...weather,
  });
  return { ...spec, partOf: subject };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
