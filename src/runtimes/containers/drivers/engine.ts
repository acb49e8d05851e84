import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type Docker from 'dockerode';
import { composeProject } from '../../../config/place.ts';
import type { Context } from '../../../context.ts';
import { withEngine } from '../../../docker/engine.ts';
import { messageOf, QbtcError } from '../../../errors.ts';
import type { Stack } from '../../../model/stack.ts';
import { type ComposeModel, readComposeModel } from '../compose/model.ts';
import { type ComposeFile, companionsOf } from '../compose-file.ts';
import type { ContainerDriver, ContainerProgress, ContainerStatus, Containers } from '../containers.ts';
import { ensureNetwork, ensureVolume, nameInEngine } from '../engine/kept.ts';
import {
  containerOptions,
  endpointOf,
  imageOf,
  joinedNetworks,
  type ModelService,
  type Placing,
} from '../engine/options.ts';
import { imageNotBuilt, notStarted } from '../failures.ts';
import { RESOURCE_GRACE_SECONDS, stopOptions } from '../grace.ts';
import { SERVICE_LABEL } from '../status.ts';
import { conditionOf, untilMet } from '../until-met.ts';

/** By this label a container is known to be declared as it was. */
const HASH_LABEL = 'qbtc-config-hash';
const GONE = 404;
/** How the engine names a volume that has no name. */
const NAMELESS = /^[0-9a-f]{64}$/;

/** Makes containers through the engine's own API, where there is no compose program. */
export function engineDriver(
  context: Pick<Context, 'docker' | 'env' | 'interrupted' | 'clock'>,
  stack: Stack,
  file: ComposeFile,
  containers: Containers,
): ContainerDriver {
  const project = composeProject(stack.name, stack.root);
  const modelOf = (services: readonly string[]) =>
    readComposeModel(context, file, [...companionsOf(file, stack, services), ...services]);
  const withoutDeadline = <T>(ask: (engine: Docker) => Promise<T>) => withEngine(context, ask, undefined);

  const startOne = async (
    engine: Docker,
    { services, networks, volumes }: ComposeModel,
    name: string,
    onProgress: ContainerProgress,
  ): Promise<boolean> => {
    const service = services[name];
    if (service === undefined) throw notStarted([name], [`${file.path} has no service named ${name}`]);
    const hash = createHash('sha256').update(JSON.stringify(service)).digest('hex').slice(0, 16);
    const image = imageOf(service, project, name);
    if (service.build === undefined) await pull(engine, service, image, (doing) => onProgress(name, doing));
    const imageId = (await engine.getImage(image).inspect()).Id;
    const before = (await containers.list()).filter((each) => each.service === name);
    const isResource = stack.resources.some((resource) => resource.name === name);
    let changed = false;
    const kept = new Set<string>();
    for (let index = 1; index <= service.replicas; index += 1) {
      const containerName =
        service.replicas === 1 && service.container_name !== undefined
          ? service.container_name
          : `${project}-${name}-${index}`;
      kept.add(containerName);
      const existing = before.find((each) => each.name === containerName);
      if (existing !== undefined && (await isSame(engine, existing, hash, imageId))) {
        if (existing.state === 'running') continue;
        const container = engine.getContainer(existing.id);
        // A paused one is there: the engine refuses to start it.
        await (existing.state === 'paused' ? container.unpause() : container.start());
      } else {
        onProgress(name, existing === undefined ? 'creating' : 'creating anew');
        const inherited = existing === undefined ? new Map() : await namelessVolumes(engine, existing.id);
        if (existing !== undefined)
          await removeContainer(engine, existing.id, { volumes: inherited.size === 0, isResource });
        const placing: Placing = {
          project,
          name,
          containerName,
          index,
          image,
          folder: file.folder,
          labels: { [HASH_LABEL]: hash, [SERVICE_LABEL]: name },
          volumeName: (key) => nameInEngine(project, key, volumes[key]),
          networkName: (key) => nameInEngine(project, key, networks[key]),
          inherited,
          graceSeconds: isResource ? RESOURCE_GRACE_SECONDS : undefined,
        };
        const container = await engine.createContainer(containerOptions(service, placing));
        for (const [key, attachment] of joinedNetworks(service).slice(1))
          await engine
            .getNetwork(placing.networkName(key))
            .connect({ Container: container.id, EndpointConfig: endpointOf(attachment, placing) });
        await container.start();
      }
      changed = true;
    }
    // Replicas that are declared no longer.
    for (const { id, name: containerName } of before)
      if (!kept.has(containerName)) await removeContainer(engine, id, { volumes: true, isResource });
    return changed;
  };

  return {
    description: "the engine's own API",
    async check(services) {
      await modelOf(services);
    },
    async build(services, onProgress) {
      const { services: declared } = await modelOf(services);
      await withoutDeadline((engine) =>
        Promise.all(
          services.map(async (name) => {
            const service = declared[name];
            if (service?.build === undefined) return;
            await buildImage(
              engine,
              imageOf(service, project, name),
              service.build,
              file.folder,
              context,
              (line) => onProgress(name, line),
            ).catch((error: unknown) => {
              context.interrupted.throwIfAborted();
              throw imageNotBuilt([name], messageOf(error));
            });
          }),
        ),
      );
    },
    async up(services, onProgress) {
      const model = await modelOf(services);
      return withoutDeadline(async (engine) => {
        await Promise.all([
          ...Object.entries(model.networks).map(([key, network]) =>
            ensureNetwork(engine, project, key, network),
          ),
          ...Object.entries(model.volumes).map(([key, volume]) => ensureVolume(engine, project, key, volume)),
        ]);
        const companions = companionsOf(file, stack, services);
        const started: string[] = [];
        const start = async (name: string) => {
          context.interrupted.throwIfAborted();
          const changed = await startOne(engine, model, name, onProgress).catch((error: unknown) => {
            if (error instanceof QbtcError) throw error;
            throw notStarted([name], [messageOf(error)]);
          });
          if (changed) started.push(name);
        };
        for (const name of companions) {
          await start(name);
          await untilMet(context, containers, name, conditionOf(file, name));
        }
        await Promise.all(services.map(start));
        return started;
      });
    },
  };
}

/** `missing` where the compose file says nothing. */
async function pull(
  engine: Docker,
  { pull_policy: policy = 'missing' }: Pick<ModelService, 'pull_policy'>,
  image: string,
  onProgress: (doing: string) => void,
): Promise<void> {
  if (policy === 'never') return;
  const there = await engine
    .getImage(image)
    .inspect()
    .catch((error) => {
      if ((error as { statusCode?: number }).statusCode === GONE) return undefined;
      throw error;
    });
  if (there !== undefined && policy !== 'always') return;
  onProgress('pulling its image');
  const stream = await engine.pull(image);
  await followed(engine, stream, () => {});
}

async function buildImage(
  engine: Docker,
  tag: string,
  build: NonNullable<ModelService['build']>,
  folder: string,
  context: Pick<Context, 'interrupted' | 'env'>,
  onLine: (line: string) => void,
): Promise<void> {
  const stream = await engine.buildImage(
    { context: resolve(folder, build.context), src: ['.'] },
    {
      t: tag,
      ...(build.dockerfile === undefined ? {} : { dockerfile: build.dockerfile }),
      ...(build.target === undefined ? {} : { target: build.target }),
      ...(build.network === undefined ? {} : { networkmode: build.network }),
      buildargs: buildArguments(build.args, context.env),
      abortSignal: context.interrupted,
    },
  );
  await followed(engine, stream, onLine);
}

/** A name alone is passed on from the caller. */
function buildArguments(
  args: Readonly<Record<string, string | null>>,
  env: Context['env'],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(args).flatMap(([name, value]) => {
      const known = value ?? env[name];
      return known === undefined ? [] : [[name, known]];
    }),
  );
}

/** Reads the engine's account of a pull or build to its end; rejects with the error in it, and the lines before. */
async function followed(
  engine: Docker,
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
): Promise<void> {
  const lines: string[] = [];
  await new Promise<void>((resolved, reject) => {
    engine.modem.followProgress(
      stream,
      (error: Error | null) =>
        error === null ? resolved() : reject(new Error([...lines, error.message].join('\n'))),
      (event: { stream?: string; status?: string }) => {
        const text = (event.stream ?? '').trim();
        if (text === '') return;
        lines.push(text);
        onLine(text);
      },
    );
  });
}

async function isSame(
  engine: Docker,
  existing: ContainerStatus,
  hash: string,
  imageId: string,
): Promise<boolean> {
  const { Config, Image } = await engine.getContainer(existing.id).inspect();
  return Config.Labels[HASH_LABEL] === hash && Image === imageId;
}

/** The volumes without a name of a container, by where they are mounted: what is in them goes on in the next one. */
async function namelessVolumes(engine: Docker, id: string): Promise<Map<string, string>> {
  const { Mounts } = await engine.getContainer(id).inspect();
  return new Map(
    Mounts.flatMap(({ Type, Name = '', Destination }) =>
      Type === 'volume' && NAMELESS.test(Name) ? [[Destination, Name] as const] : [],
    ),
  );
}

async function removeContainer(
  engine: Docker,
  id: string,
  { volumes, isResource }: { volumes: boolean; isResource: boolean },
): Promise<void> {
  const container = engine.getContainer(id);
  await container
    .inspect()
    .then((inspected) => container.stop(stopOptions(inspected, isResource)))
    .catch(() => {});
  await container.remove({ v: volumes, force: true }).catch((error) => {
    if ((error as { statusCode?: number }).statusCode !== GONE) throw error;
  });
}
