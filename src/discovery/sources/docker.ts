import type Docker from 'dockerode';
import { PLACE_LABEL, placeOf } from '../../config/place.ts';
import { ENGINE_TIMEOUT_MS, whyUnreachable, withEngine } from '../../docker/engine.ts';
import type { Condition } from '../../model/discovery.ts';
import type { Finding } from '../../model/finding.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../model/gateway.ts';
import type { Stack } from '../../model/stack.ts';
import { containerInstance } from '../instance-id.ts';
import { type Labels, readLabels } from '../labels.ts';
import type { Claim, Sighting, Source, SourceChange } from '../source.ts';

const COMPOSE_SERVICE = 'com.docker.compose.service';
const COMPOSE_PROJECT = 'com.docker.compose.project';
const COMPOSE_ONE_OFF = 'com.docker.compose.oneoff';
/** What docker sends to ask a container to end; `STOPSIGNAL` of an image may be any of them. */
const ASKS_TO_END = new Set(['15', '2', '3', '1', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP']);
/** What programs end with that were asked to end: nothing, or 128 and the number of the signal. */
const ENDED_WHEN_ASKED = new Set([0, 129, 130, 131, 143]);

/**
 * Containers that are labelled `qbtc.service=true`, and those of this stack. One list, whatever their number: the engine
 * tells state, health, ports and networks with it.
 */
export const docker: Source = {
  async absent(context) {
    let address = '';
    try {
      const opened = await context.docker({ timeoutMs: ENGINE_TIMEOUT_MS });
      address = opened.address;
      await opened.engine.ping();
      return undefined;
    } catch (error) {
      return whyUnreachable(address, error).reason;
    }
  },
  async look(context, { stack, ended }) {
    const containers = await withEngine(context, (engine) => engine.listContainers({ all: true }));
    const seen = containers.map((container) =>
      seenIn(container, stack, ended?.get(containerInstance(container.Id))),
    );
    return {
      sightings: seen.flatMap(({ sighting }) => (sighting === undefined ? [] : [sighting])),
      findings: seen.flatMap(({ findings }) => findings),
    };
  },
  async watch(context, _, { onReady, onChange }, signal) {
    const { engine } = await context.docker();
    const stream = await engine.getEvents({
      filters: { type: ['container'] },
      abortSignal: signal,
    } as Docker.GetEventsOptions);
    onReady();
    let rest = '';
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const change = changeOf(line);
        if (change !== undefined) onChange(change === 'something' ? undefined : change);
      }
    }
  },
};

/** What an event of the engine says; `undefined` for one that changes nothing here. */
export function changeOf(line: string): SourceChange | 'something' | undefined {
  let event: { Action?: unknown; Actor?: { ID?: unknown; Attributes?: Record<string, string> } };
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  const action = String(event.Action ?? '');
  const instance = containerInstance(String(event.Actor?.ID ?? ''));
  if (action === 'kill' && ASKS_TO_END.has(event.Actor?.Attributes?.signal ?? ''))
    return { instance, what: 'stopping' };
  if (action === 'stop') return { instance, what: 'stopping' };
  if (action === 'die')
    return { instance, what: 'ended', exitCode: Number(event.Actor?.Attributes?.exitCode ?? 1) };
  if (action === 'start') return { instance, what: 'started' };
  // Programs that are run in a container, and what is looked at, change nothing.
  return /^(create|destroy|restart|pause|unpause|rename|update|oom|kill|health_status)/.test(action)
    ? 'something'
    : undefined;
}

function seenIn(
  container: Docker.ContainerInfo,
  stack: Stack,
  exitCode: number | undefined,
): { sighting?: Sighting; findings: Finding[] } {
  const { Id: id, Labels: labels } = container;
  const name = (container.Names[0] ?? id.slice(0, 12)).replace(/^\//, '');
  const read = readLabels(labels, `container ${name}`);
  const owner = labels[MANAGED_BY_LABEL] === MANAGED_BY ? labels[PLACE_LABEL] : undefined;
  const isOfStack = owner === placeOf(stack.root);
  const declared = isOfStack && stack.services.some((each) => each.name === labels[COMPOSE_SERVICE]);
  // A container of another stack, and what `compose run` started for one command, are nobody's service here.
  const isOthers = (owner !== undefined && !isOfStack) || labels[COMPOSE_ONE_OFF] === 'True';
  if (isOthers || (!declared && !read.service)) return { findings: isOthers ? [] : read.findings };

  const reached = reachOf(container, read);
  // One that does not run is in no network, and that is all that is wrong with it.
  const isRunning = container.State === 'running';
  const problem = read.refused || (isRunning && 'problem' in reached ? reached.problem : '');
  const findings = [...read.findings];
  if ('problem' in reached && isRunning && read.refused === '')
    findings.push({
      code: 'no-port',
      severity: 'error',
      subject: `container ${name}`,
      message: reached.problem,
      fix: 'label it with qbtc.port',
    });
  const { condition, reason } = conditionOf(container, exitCode);
  const sighting: Sighting = {
    source: 'docker',
    found: `container ${name} (${id.slice(0, 12)}, ${container.Image}) ${container.Status}`,
    container: id,
    claim: claimOf(container, read, { name, declared, stack, problem }),
    ...('address' in reached ? { address: reached.address } : {}),
    ...(condition === undefined ? {} : { condition, reason }),
  };
  return { sighting, findings };
}

function claimOf(
  { Labels: labels, Image: image, Created: since }: Docker.ContainerInfo,
  { name, version, weight, path, health, plugins }: Labels,
  about: { name: string; declared: boolean; stack: Stack; problem: string },
): Claim {
  const service = labels[COMPOSE_SERVICE];
  const project = labels[COMPOSE_PROJECT];
  const kin = about.declared
    ? `stack:${about.stack.name}`
    : service !== undefined && project !== undefined
      ? `compose:${project}/${service}`
      : `image:${repositoryOf(image)}`;
  return {
    name: about.declared ? (service ?? about.name) : (name ?? service ?? about.name),
    origin: about.declared ? 'declared' : 'labelled',
    kin,
    since,
    ...(version === undefined ? {} : { version }),
    ...(weight === undefined ? {} : { weight }),
    ...(path === undefined || about.declared ? {} : { path }),
    ...(health === undefined ? {} : { health }),
    ...(plugins === undefined || about.declared ? {} : { plugins }),
    ...(about.problem === '' || about.declared ? {} : { refused: about.problem }),
  };
}

/** `host:5000/team/web:2.1@sha256:…` → `host:5000/team/web`: two versions of one image are kin. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

type Reach = { address: { host: string; port: number } } | { problem: string };

/** Where the container is reached: at the port that it publishes on this machine, or else in its network. */
function reachOf(container: Docker.ContainerInfo, { port: wanted }: Labels): Reach {
  const tcp = container.Ports.filter(({ Type }) => Type === 'tcp');
  const exposed = [...new Set(tcp.map(({ PrivatePort }) => PrivatePort))].sort((a, b) => a - b);
  if (wanted === undefined && exposed.length > 1)
    return { problem: `it has the ports ${exposed.join(' and ')}, and qbtc.port does not say which` };
  const port = wanted ?? exposed[0];
  if (port === undefined) return { problem: 'it has no port, and qbtc.port names none' };
  const published = tcp.find(({ PrivatePort, PublicPort }) => PrivatePort === port && PublicPort);
  if (published !== undefined) {
    const all = ['0.0.0.0', '::', '', undefined].includes(published.IP);
    return { address: { host: all ? '127.0.0.1' : published.IP, port: published.PublicPort } };
  }
  if (container.HostConfig?.NetworkMode === 'host') return { address: { host: '127.0.0.1', port } };
  const networks = Object.values(container.NetworkSettings?.Networks ?? {});
  const host = networks.map(({ IPAddress }) => IPAddress).find((address) => address);
  if (host !== undefined) return { address: { host, port } };
  return { problem: `port ${port} is not published, and it is in no network` };
}

/** What the engine says of it; `undefined` where our own question is to tell. */
function conditionOf(
  { State: state, Status: status }: Docker.ContainerInfo,
  exitCode: number | undefined,
): { condition?: Condition; reason: string } {
  if (exitCode !== undefined && state === 'running') return endedWith(exitCode, `exit code ${exitCode}`);
  switch (state) {
    case 'running':
      if (status.includes('(unhealthy)'))
        return { condition: 'unhealthy', reason: 'its health check in the container fails' };
      if (status.includes('(health: starting)'))
        return { condition: 'starting', reason: 'its health check in the container has not passed yet' };
      return { reason: '' };
    case 'restarting':
      return { condition: 'restarting', reason: `the engine starts it again and again: ${status}` };
    case 'created':
      return { condition: 'stopped', reason: 'its container was never started' };
    case 'paused':
      return { condition: 'unhealthy', reason: 'its container is paused' };
    default:
      return endedWith(Number(/\((\d+)\)/.exec(status)?.[1] ?? 0), status);
  }
}

function endedWith(code: number, how: string): { condition: Condition; reason: string } {
  return ENDED_WHEN_ASKED.has(code)
    ? { condition: 'stopped', reason: `its container has ended: ${how}` }
    : { condition: 'crashed', reason: `its container has crashed: ${how}` };
}
