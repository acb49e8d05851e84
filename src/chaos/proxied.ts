import { createServer } from 'node:net';
import type { Context } from '../context.ts';
import { familyOf } from '../health/index.ts';
import { endCompanion, startCompanion } from '../lifecycle/companion.ts';
import { up } from '../lifecycle/up.ts';
import type { Fault, InjectedFault } from '../model/chaos.ts';
import type { ResourceObservation } from '../model/observation.ts';
import type { Stack } from '../model/stack.ts';
import { factsOf } from '../resources/facts.ts';
import { embeddedProgram } from '../resources/index.ts';
import type { ProcessSpec } from '../runtimes/processes/index.ts';
import { hold, letGo } from '../state/index.ts';
import { bringBack } from './bring-back.ts';
import type { FaultContext } from './fault-kind.ts';
import { observedParts, refusesOthers } from './processes.ts';

const READY_MS = 60_000;

/** How the proxy treats what it carries; see `embedded/chaos-proxy`. */
type ProxyTreatment = Record<string, number | boolean | undefined>;

/** Why the part cannot be moved behind a proxy. */
export async function refusesProxy(around: FaultContext, fault: Fault): Promise<string | undefined> {
  const refusal = await refusesOthers(around, fault);
  if (refusal !== undefined) return refusal;
  const parts = await observedParts(around.context, around.stack, fault.subject);
  if (parts.some(({ provider }) => provider === 'docker'))
    return `${fault.subject} runs in Docker, where its clients reach it inside of the network: use pause or down`;
  if (clientPorts(around.stack, fault.subject).length === 0)
    return `${fault.subject} listens nowhere: use pause, down or kill`;
  if (parts.length > 1) return `${fault.subject} has ${parts.length} instances`;
  const others = await furtherPorts(around, parts);
  if (others.length === 0) return undefined;
  const listed = others.join(', ');
  return `${fault.subject} listens on port ${listed}, too, where no proxy can be put: its clients there would notice nothing; use pause or down`;
}

/** The ports on which the processes of a service listen beside the one that is declared, which can be moved. */
async function furtherPorts(
  { context, stack }: FaultContext,
  parts: readonly ResourceObservation[],
): Promise<number[]> {
  const [sockets, all] = await Promise.all([context.host.listeningSockets(), context.host.processes()]);
  const ports = parts.flatMap(({ name, kind, pid, ports: own }) => {
    // What a resource listens on is declared, or its own affair: epmd, metrics.
    if (kind !== 'service' || pid === undefined || !stack.services.some((each) => each.name === name))
      return [];
    const pids = new Set(familyOf(all, pid));
    return sockets
      .filter((socket) => socket.pid !== undefined && pids.has(socket.pid) && !own.includes(socket.port))
      .map(({ port }) => port);
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

/**
 * Moves the part to a free port and puts the proxy where it was: no client needs to know. That takes one restart of the
 * part, which cuts what it was doing.
 */
export async function behindProxy(
  around: FaultContext,
  { name, subject }: Fault,
  treatment: ProxyTreatment,
  remember: (memory: Record<string, unknown>) => Promise<void>,
): Promise<void> {
  const { context, stack } = around;
  const moves = await Promise.all(
    clientPorts(stack, subject).map(async ({ role, port }) => ({ role, port, moved: await freePort() })),
  );
  await remember({ moved: moves.map(({ moved }) => moved) });
  await up(context, movedTo(stack, subject, moves), {
    apply: false,
    timeoutMs: READY_MS,
    placement: {},
    only: [subject],
    exactly: true,
  });
  await hold(stack.root, subject, name);
  for (const move of moves) {
    const spec = proxySpec(context, stack, subject, move, treatment);
    await startCompanion(context, stack.root, spec, async () => {
      // By the system's table: with a connection of ours it may be told to do anything.
      const sockets = await context.host.listeningSockets();
      return sockets.some((socket) => socket.port === move.port)
        ? { ready: true, found: {} }
        : { ready: false, reason: `nothing listens on port ${move.port}`, refused: false };
    });
  }
}

/** Ends the proxy and moves the part back. */
export async function outOfProxy(
  { context, stack }: FaultContext,
  { name, subject }: InjectedFault,
): Promise<void> {
  for (const { role } of clientPorts(stack, subject))
    await endCompanion(context, stack.root, proxyName(subject, role));
  await letGo(stack.root, name);
  await bringBack(context, stack, subject);
}

function proxyName(subject: string, role: string): string {
  return `${subject}-chaos-proxy${role === 'main' ? '' : `-${role}`}`;
}

/** One port of a part, and where it is moved to. */
interface Move {
  role: string;
  port: number;
  moved: number;
}

/** Where the clients of a part reach it. Its management stays where it is: qbtc looks at the part by it. */
function clientPorts({ resources, services }: Stack, subject: string): Pick<Move, 'role' | 'port'>[] {
  const resource = resources.find(({ name }) => name === subject);
  if (resource === undefined)
    return services
      .filter(({ name }) => name === subject)
      .flatMap(({ port }) => (port === undefined ? [] : [{ role: 'main', port }]));
  const { tls } = resource.ports;
  return [
    { role: 'main', port: resource.endpoint.port },
    ...(tls === undefined ? [] : [{ role: 'tls', port: tls }]),
  ];
}

/** The same stack with the part at other ports; whoever asks it is not told. */
function movedTo(stack: Stack, subject: string, moves: readonly Move[]): Stack {
  const port = moves.find(({ role }) => role === 'main')?.moved ?? 0;
  return {
    ...stack,
    resources: stack.resources.map((resource) => {
      if (resource.name !== subject) return resource;
      const url = new URL(resource.endpoint.url);
      url.port = String(port);
      // Of a virtual host or a database the path is a part.
      const isPage = factsOf(resource.kind).protocol === 'http';
      const address = isPage ? url.href.replace(/\/$/, '') : url.href;
      return {
        ...resource,
        ports: { ...resource.ports, ...Object.fromEntries(moves.map(({ role, moved }) => [role, moved])) },
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
  { role, port, moved }: Move,
  treatment: ProxyTreatment,
): ProcessSpec {
  const place = { name: proxyName(subject, role), ports: { main: port }, endpoint: { port } };
  const to = { host: '127.0.0.1', port: moved };
  const spec = embeddedProgram(context, stack, place, 'chaos-proxy', {
    host: '127.0.0.1',
    port,
    to,
    ...treatment,
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
