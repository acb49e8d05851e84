import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { PLACE_LABEL, placeOf } from '../../config/place.ts';
import type { Context } from '../../context.ts';
import { withEngine } from '../../docker/engine.ts';
import { QbtcError } from '../../errors.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../model/gateway.ts';
import type { ContainerStatus, Containers, LogOptions } from './containers.ts';
import { FrameLines, timedLine } from './frames.ts';
import { containerStatus } from './status.ts';

/** Compose writes down here what a service depends on: `broker:service_healthy:false,cache:…`. */
const DEPENDS_ON_LABEL = 'com.docker.compose.depends_on';
/** A container gets the time that its image or the compose file names to end; the engine's own answer comes after it. */
const STOP_TIMEOUT_MS = 120_000;
const ALREADY_SO = 304;
const GONE = 404;
/** Being removed by somebody else at this moment. */
const CONFLICT = 409;
/** What engines before 1.43 of the API answer for a container that is not paused. */
const NOT_PAUSED = 500;

/** The containers that carry the stamp of the stack at `root`, whoever made them. */
export function openContainers(context: Pick<Context, 'docker'>, root: string): Containers {
  const filters = { label: [`${MANAGED_BY_LABEL}=${MANAGED_BY}`, `${PLACE_LABEL}=${placeOf(root)}`] };

  const inspectAll = (engine: Docker) =>
    engine
      .listContainers({ all: true, filters })
      .then((found) => Promise.all(found.map(({ Id }) => unless(GONE, engine.getContainer(Id).inspect()))))
      .then((inspected) => inspected.filter((each) => each !== undefined));
  const idsOf = async (engine: Docker, services: readonly string[]) =>
    (await inspectAll(engine))
      .map(containerStatus)
      .filter(({ service }) => services.includes(service))
      .map(({ id }) => id);
  const oneOf = async (engine: Docker, service: string): Promise<Docker.Container> => {
    const found = (await inspectAll(engine)).map(containerStatus).filter((each) => each.service === service);
    const [best] = found.sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running'));
    if (best === undefined)
      throw new QbtcError('CONTAINER_MISSING', `${service} has no container`, { hint: 'qbtc up' });
    return engine.getContainer(best.id);
  };

  return {
    list: () => withEngine(context, async (engine) => (await inspectAll(engine)).map(containerStatus)),
    stop: (services) =>
      withEngine(
        context,
        async (engine) => {
          const ids = await idsOf(engine, services);
          await Promise.all(ids.map((id) => unless([ALREADY_SO, GONE], engine.getContainer(id).stop())));
        },
        STOP_TIMEOUT_MS,
      ),
    restart: (services) =>
      withEngine(
        context,
        async (engine) => {
          const ids = await idsOf(engine, services);
          await Promise.all(ids.map((id) => engine.getContainer(id).restart()));
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
          const stopped = await endAll(engine, await inspectAll(engine), onStopped);
          const { Volumes: kept } = await engine.listVolumes({ filters: JSON.stringify(filters) });
          const networks = await engine.listNetworks({ filters });
          await Promise.all(networks.map(({ Id }) => unless(GONE, engine.getNetwork(Id).remove())));
          const removed = volumes ? (kept ?? []).map(({ Name }) => Name) : [];
          await Promise.all(removed.map((name) => unless(GONE, engine.getVolume(name).remove())));
          return { stopped, volumes: removed };
        },
        STOP_TIMEOUT_MS,
      ),
    logs: (service, options) =>
      withEngine(context, async (engine) => {
        const container = await oneOf(engine, service);
        const buffer = await container.logs({ ...logQuery(options), follow: false });
        const frames = new FrameLines();
        return [...frames.push(buffer), ...frames.end()].map(timedLine);
      }),
    followLogs: (service, onLine, signal) =>
      withEngine(
        context,
        async (engine) => {
          const container = await oneOf(engine, service);
          const stream = await container.logs({
            ...logQuery({ tail: 0 }),
            follow: true,
            abortSignal: signal,
          });
          const frames = new FrameLines();
          await untilEnded(stream as Readable, signal, (chunk) => {
            for (const line of frames.push(chunk)) onLine(timedLine(line));
          });
        },
        undefined,
      ),
    exec: (service, command, { stdin, stdout, stderr, tty }) =>
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
  onStopped: (service: string) => void,
): Promise<string[]> {
  const stopped: string[] = [];
  const remaining = new Map(
    inspected.map((each) => [
      each.Id,
      { ...pick(containerStatus(each)), needs: dependsOn(each.Config.Labels[DEPENDS_ON_LABEL] ?? '') },
    ]),
  );
  while (remaining.size > 0) {
    const needed = new Set([...remaining.values()].flatMap(({ needs }) => needs));
    const free = [...remaining].filter(([, { service }]) => !needed.has(service));
    // Labels may name a cycle that no engine would have started; nothing is left behind all the same.
    const wave = free.length > 0 ? free : [...remaining];
    await Promise.all(
      wave.map(async ([id, { service, ran }]) => {
        const container = engine.getContainer(id);
        await unless([ALREADY_SO, GONE], container.stop());
        await unless([GONE, CONFLICT], container.remove({ v: true, force: true }));
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
  return { service, ran: state !== 'exited' && state !== 'created' && state !== 'dead' };
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
