import { addAbortSignal, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { PLACE_LABEL, placeOf } from '../../config/place.ts';
import type { Context } from '../../context.ts';
import { withEngine } from '../../docker/engine.ts';
import { QbtcError } from '../../errors.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../model/gateway.ts';
import { readChoices } from '../../state/choices.ts';
import type { LogOptions } from '../runtime.ts';
import type { ContainerStatus, Containers } from './containers.ts';
import { FrameLines, timedLine } from './frames.ts';
import { stopOptions } from './grace.ts';
import { containerStatus, isAlive, isOneOff, PROJECT_LABEL, startOf } from './status.ts';

/** Compose writes down here what a service depends on: `broker:service_healthy:false,cache:…`. */
const DEPENDS_ON_LABEL = 'com.docker.compose.depends_on';
/**
 * A container gets the time that its image or the compose file names to end, and is killed by the engine after it: the
 * answer comes then. This is for an engine that says nothing more.
 */
const STOP_TIMEOUT_MS = 15 * 60_000;
const ALREADY_SO = 304;
const GONE = 404;
/** Being removed by somebody else at this moment. */
const CONFLICT = 409;
/** What engines before 1.43 of the API answer for a container that is not paused. */
const NOT_PAUSED = 500;

/** The containers that carry the stamp of the stack at `root`, whoever made them. */
export function openContainers(context: Pick<Context, 'docker'>, root: string): Containers {
  const filters = stampsOf(root);

  const inspectAll = async (engine: Docker) => {
    const listed = await allOf(filters, (label) => engine.listContainers({ all: true, filters: { label } }));
    const ids = new Set(listed.filter(({ Labels }) => isOfStack(Labels, root)).map(({ Id }) => Id));
    const inspected = await Promise.all(
      [...ids].map((id) => unless(GONE, engine.getContainer(id).inspect())),
    );
    return inspected.filter((each) => each !== undefined);
  };
  const inspectDeclared = async (engine: Docker) =>
    (await inspectAll(engine)).filter((each) => !isOneOff(each));
  const statuses = async (engine: Docker) => (await inspectDeclared(engine)).map(containerStatus);
  const inspectedOf = async (engine: Docker, services: readonly string[]) =>
    (await inspectDeclared(engine)).filter((each) => services.includes(containerStatus(each).service));
  const idsOf = async (engine: Docker, services: readonly string[]) =>
    (await inspectedOf(engine, services)).map(({ Id }) => Id);
  const oneOf = async (engine: Docker, service: string): Promise<Docker.Container> => {
    const found = (await statuses(engine)).filter((each) => each.service === service);
    const [best] = found.sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running'));
    if (best === undefined)
      throw new QbtcError('CONTAINER_MISSING', `${service} has no container`, { hint: 'qbtc up' });
    return engine.getContainer(best.id);
  };

  return {
    list: () => withEngine(context, statuses),
    stop: (services) =>
      withEngine(
        context,
        async (engine) => {
          const [found, graceOf] = await Promise.all([inspectedOf(engine, services), gracesOf(root)]);
          await Promise.all(
            found.map((each) => unless([ALREADY_SO, GONE], engine.getContainer(each.Id).stop(graceOf(each)))),
          );
        },
        STOP_TIMEOUT_MS,
      ),
    restart: (services) =>
      withEngine(
        context,
        async (engine) => {
          const [found, graceOf] = await Promise.all([inspectedOf(engine, services), gracesOf(root)]);
          await Promise.all(found.map((each) => engine.getContainer(each.Id).restart(graceOf(each))));
        },
        STOP_TIMEOUT_MS,
      ),
    remove: (services) =>
      withEngine(
        context,
        async (engine) => {
          const ids = await idsOf(engine, services);
          await Promise.all(
            ids.map((id) => unless([GONE, CONFLICT], engine.getContainer(id).remove({ force: true }))),
          );
        },
        STOP_TIMEOUT_MS,
      ),
    pause: (services) =>
      withEngine(context, async (engine) => {
        const ids = await idsOf(engine, services);
        await Promise.all(ids.map((id) => engine.getContainer(id).pause()));
      }),
    resume: (services) =>
      withEngine(context, async (engine) => {
        const ids = await idsOf(engine, services);
        await Promise.all(
          ids.map((id) => unless([GONE, CONFLICT, NOT_PAUSED], engine.getContainer(id).unpause())),
        );
      }),
    down: ({ volumes, onStopped }) =>
      withEngine(
        context,
        async (engine) => {
          const [inspected, graceOf] = await Promise.all([inspectAll(engine), gracesOf(root)]);
          const stopped = await endAll(engine, inspected, { volumes, graceOf, onStopped });
          const networks = await allOf(filters, (label) => engine.listNetworks({ filters: { label } }));
          const networkIds = new Set(
            networks.filter(({ Labels }) => isOfStack(Labels, root)).map(({ Id }) => Id),
          );
          await Promise.all([...networkIds].map((id) => unless(GONE, engine.getNetwork(id).remove())));
          const kept = await allOf(filters, async (label) => {
            const { Volumes } = await engine.listVolumes({ filters: JSON.stringify({ label }) });
            return Volumes ?? [];
          });
          const names = kept.filter(({ Labels }) => isOfStack(Labels, root)).map(({ Name }) => Name);
          const removed = volumes ? [...new Set(names)] : [];
          await Promise.all(removed.map((name) => unless(GONE, engine.getVolume(name).remove())));
          return { stopped, volumes: removed };
        },
        STOP_TIMEOUT_MS,
      ),
    logs: (service, options) =>
      withEngine(context, async (engine) => {
        const container = await oneOf(engine, service);
        const since =
          options.ofThisStart === true ? startOf((await container.inspect()).State) : options.since;
        const query = logQuery({ ...options, ...(since === undefined ? {} : { since }) });
        const buffer = await container.logs({ ...query, follow: false });
        const frames = new FrameLines();
        return [...frames.push(buffer), ...frames.end()].map(timedLine);
      }),
    followLogs: (service, after, onLine, signal) =>
      withEngine(
        context,
        async (engine) => {
          const container = await oneOf(engine, service);
          // The engine takes whole seconds without loss: what was told of that second already is left out here.
          const since = after === '' ? 0 : Math.floor(Date.parse(after) / 1000) * 1000;
          const stream = await container.logs({
            ...logQuery({ since }),
            follow: true,
            abortSignal: signal,
          });
          const frames = new FrameLines();
          await untilEnded(stream as Readable, signal, (chunk) => {
            for (const line of frames.push(chunk).map(timedLine))
              if (after === '' || line.stamp > after) onLine(line);
          });
        },
        undefined,
      ),
    exec: (service, command, { stdin, stdout, stderr, tty }, signal) =>
      withEngine(
        context,
        async (engine) => {
          const container = await oneOf(engine, service);
          const exec = await container.exec({
            Cmd: [...command],
            AttachStdin: true,
            AttachStdout: true,
            AttachStderr: true,
            Tty: tty,
          });
          const stream = await exec.start({ hijack: true, stdin: true, Tty: tty });
          if (tty) stream.pipe(stdout, { end: false });
          else engine.modem.demuxStream(stream, stdout, stderr);
          stdin.pipe(stream);
          if (signal !== undefined) addAbortSignal(signal, stream);
          await new Promise<void>((resolve, reject) => {
            stream.once('end', resolve);
            stream.once('close', resolve);
            stream.once('error', reject);
          });
          stdin.unpipe(stream);
          return (await exec.inspect()).ExitCode ?? 1;
        },
        undefined,
      ),
  };
}

/**
 * Two ways to tell what belongs to the stack: by the labels of its compose file, and by the compose project, which is
 * named after the stack's folder. The network that compose makes by itself, and a compose file of somebody else, have
 * only the second.
 */
function stampsOf(root: string): string[][] {
  return [[`${MANAGED_BY_LABEL}=${MANAGED_BY}`, `${PLACE_LABEL}=${placeOf(root)}`], [PROJECT_LABEL]];
}

function isOfStack(labels: Readonly<Record<string, string>> | null | undefined, root: string): boolean {
  const place = placeOf(root);
  if (labels?.[MANAGED_BY_LABEL] === MANAGED_BY && labels[PLACE_LABEL] === place) return true;
  const project = labels?.[PROJECT_LABEL] ?? '';
  return project.startsWith('qbtc-') && project.endsWith(`-${place}`);
}

async function allOf<T>(filters: string[][], list: (label: string[]) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(filters.map(list))).flat();
}

type Grace = (inspected: Docker.ContainerInspectInfo) => ReturnType<typeof stopOptions>;

async function gracesOf(root: string): Promise<Grace> {
  const plan = await readChoices(root);
  const resources = new Set(plan?.choices.map(({ resource }) => resource));
  return (inspected) => stopOptions(inspected, resources.has(containerStatus(inspected).service));
}

function logQuery({ tail, since }: LogOptions) {
  return {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since: since / 1000 }),
  };
}

/** Stops and removes, dependants before what they depend on. */
async function endAll(
  engine: Docker,
  inspected: readonly Docker.ContainerInspectInfo[],
  { volumes, graceOf, onStopped }: { volumes: boolean; graceOf: Grace; onStopped: (service: string) => void },
): Promise<string[]> {
  const stopped: string[] = [];
  const remaining = new Map(
    inspected.map((each) => [
      each.Id,
      {
        ...pick(containerStatus(each)),
        grace: graceOf(each),
        needs: dependsOn(each.Config.Labels[DEPENDS_ON_LABEL] ?? ''),
      },
    ]),
  );
  while (remaining.size > 0) {
    const needed = new Set([...remaining.values()].flatMap(({ needs }) => needs));
    const free = [...remaining].filter(([, { service }]) => !needed.has(service));
    // Labels may name a cycle that no engine would have started; nothing is left behind all the same.
    const wave = free.length > 0 ? free : [...remaining];
    await Promise.all(
      wave.map(async ([id, { service, ran, grace }]) => {
        const container = engine.getContainer(id);
        await unless([ALREADY_SO, GONE], container.stop(grace));
        // A volume without a name may hold data like any other.
        await unless([GONE, CONFLICT], container.remove({ v: volumes, force: true }));
        remaining.delete(id);
        if (!ran) return;
        stopped.push(service);
        onStopped(service);
      }),
    );
  }
  return stopped;
}

function pick({ service, state }: ContainerStatus): { service: string; ran: boolean } {
  return { service, ran: isAlive({ state }) };
}

function dependsOn(label: string): string[] {
  return label.split(',').flatMap((entry) => entry.split(':')[0] || []);
}

/** The answer, or `undefined` where the engine says one of these: what was asked for is so already. */
async function unless<T>(status: number | number[], answer: Promise<T>): Promise<T | undefined> {
  const allowed = [status].flat();
  try {
    return await answer;
  } catch (error) {
    if (allowed.includes((error as { statusCode?: number }).statusCode ?? 0)) return undefined;
    throw error;
  }
}

async function untilEnded(
  stream: Readable,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  try {
    for await (const chunk of stream) onChunk(chunk as Buffer);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
