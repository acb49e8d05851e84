import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type Docker from 'dockerode';
import { composeProject } from '../../../config/place.ts';
import type { Context } from '../../../context.ts';
import { withEngine } from '../../../docker/engine.ts';
import { messageOf, QbtcError } from '../../../errors.ts';
import type { Stack } from '../../../model/stack.ts';
import { type ComposeFile, companionsOf, invalid } from '../compose-file.ts';
import type { ContainerDriver, ContainerProgress, ContainerStatus, Containers } from '../containers.ts';
import { parseEnv } from '../env-file.ts';
import { imageNotBuilt, notStarted } from '../failures.ts';
import { fillIn } from '../interpolation.ts';
import { SERVICE_LABEL } from '../status.ts';
import {
  type ComposeModel,
  type ComposeService,
  composeModel,
  containerOptions,
  imageOf,
} from './engine-model.ts';

/** By this label a container is known to be declared as it was. */
const HASH_LABEL = 'qbtc-config-hash';
const COMPANION_TIMEOUT_MS = 120_000;
const COMPANION_POLL_MS = 200;
const GONE = 404;
const CONFLICT = 409;

/** Makes containers through the engine's own API, where there is no compose program. */
export function engineDriver(
  context: Pick<Context, 'docker' | 'env' | 'interrupted' | 'clock'>,
  stack: Stack,
  file: ComposeFile,
  containers: Containers,
): ContainerDriver {
  const project = composeProject(stack.name, stack.root);
  let read: Promise<ComposeModel> | undefined;
  const model = () => {
    read ??= readModel(context, file);
    return read;
  };
  const withoutDeadline = <T>(ask: (engine: Docker) => Promise<T>) => withEngine(context, ask, undefined);

  const startOne = async (engine: Docker, name: string, onProgress: ContainerProgress): Promise<boolean> => {
    const { services } = await model();
    const service = services[name];
    if (service === undefined) throw notStarted([name], [`${file.path} has no service named ${name}`]);
    const hash = createHash('sha256').update(JSON.stringify(service)).digest('hex').slice(0, 16);
    const image = imageOf(service, project, name);
    if (service.build === undefined) await pullMissing(engine, image, (doing) => onProgress(name, doing));
    const imageId = (await engine.getImage(image).inspect()).Id;
    const before = (await containers.list()).filter((each) => each.service === name);
    let changed = false;
    for (let index = 1; index <= service.replicas; index += 1) {
      const containerName = `${project}-${name}-${index}`;
      const existing = before.find((each) => each.name === containerName);
      if (existing !== undefined && (await isSame(engine, existing, hash, imageId))) {
        if (existing.state === 'running') continue;
        await engine.getContainer(existing.id).start();
      } else {
        onProgress(name, existing === undefined ? 'creating' : 'creating anew');
        await removeContainer(engine, existing?.id);
        const options = containerOptions(service, {
          project,
          name,
          containerName,
          index,
          image,
          folder: file.folder,
          labels: { [HASH_LABEL]: hash, [SERVICE_LABEL]: name },
        });
        await (await engine.createContainer(options)).start();
      }
      changed = true;
    }
    // Replicas that are declared no longer.
    for (const { id, name: containerName } of before) {
      const index = Number(containerName.slice(containerName.lastIndexOf('-') + 1));
      if (index > service.replicas) await removeContainer(engine, id);
    }
    return changed;
  };

  return {
    description: "the engine's own API",
    async build(services, onProgress) {
      const { services: declared } = await model();
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
      return withoutDeadline(async (engine) => {
        const { networks, volumes } = await model();
        await Promise.all([
          ...Object.entries(networks).map(([key, { labels }]) =>
            ensureNetwork(engine, `${project}_${key}`, labels),
          ),
          ...Object.entries(volumes).map(([key, { labels }]) =>
            ensureVolume(engine, `${project}_${key}`, labels),
          ),
        ]);
        const companions = companionsOf(file, stack, services);
        const started: string[] = [];
        const start = async (name: string) => {
          context.interrupted.throwIfAborted();
          const changed = await startOne(engine, name, onProgress).catch((error: unknown) => {
            if (error instanceof QbtcError) throw error;
            throw notStarted([name], [messageOf(error)]);
          });
          if (changed) started.push(name);
        };
        for (const name of companions) {
          await start(name);
          await untilHealthy(context, containers, name);
        }
        await Promise.all(services.map(start));
        return started;
      });
    },
  };
}

async function readModel(context: Pick<Context, 'env'>, file: ComposeFile): Promise<ComposeModel> {
  const envFile = await readFile(join(file.folder, '.env'), 'utf8').catch(() => '');
  // As compose does: the caller's environment goes before the file.
  const values = { ...parseEnv(envFile), ...context.env };
  const mistakes: string[] = [];
  const data = fillIn(file.data, values, (path, problem) =>
    mistakes.push(`${file.path}:${file.at(path)} ${path.join('.')}: ${problem}`),
  );
  const parsed = composeModel.safeParse(withoutExtensions(data));
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path as (string | number)[];
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
    for (const key of keys)
      mistakes.push(
        `${file.path}:${file.at(key)} ${key.join('.')}: ${explainIssue(issue.code, issue.message)}`,
      );
  }
  if (!parsed.success || mistakes.length > 0) throw invalid(file.path, mistakes);
  return withEnvironments(parsed.data, file);
}

/** `x-…` is for anchors. */
function withoutExtensions(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith('x-')));
}

function explainIssue(code: string, message: string): string {
  return code === 'unrecognized_keys'
    ? 'this key is not carried out without the compose program (install docker compose v2)'
    : message;
}

/** `env_file` is read here, so that a changed one is a changed service. */
async function withEnvironments(model: ComposeModel, file: ComposeFile): Promise<ComposeModel> {
  const services: Record<string, ComposeService> = {};
  for (const [name, service] of Object.entries(model.services)) {
    const environment: Record<string, string> = {};
    for (const { path, required } of service.env_file) {
      const text = await readFile(resolve(file.folder, path), 'utf8').catch(() => {
        if (!required) return '';
        throw invalid(file.path, [
          `${file.path}:${file.at(['services', name, 'env_file'])} services.${name}.env_file: there is no ${path}`,
        ]);
      });
      Object.assign(environment, parseEnv(text));
    }
    services[name] = { ...service, env_file: [], environment: { ...environment, ...service.environment } };
  }
  return { ...model, services };
}

async function ensureNetwork(engine: Docker, name: string, labels: Record<string, string>): Promise<void> {
  const found = await engine.listNetworks({ filters: { name: [name] } });
  if (found.some((network) => network.Name === name)) return;
  await engine.createNetwork({ Name: name, Labels: labels, CheckDuplicate: true }).catch((error) => {
    if ((error as { statusCode?: number }).statusCode !== CONFLICT) throw error;
  });
}

async function ensureVolume(engine: Docker, name: string, labels: Record<string, string>): Promise<void> {
  // The engine answers with the volume that is there already.
  await engine.createVolume({ Name: name, Labels: labels });
}

async function pullMissing(
  engine: Docker,
  image: string,
  onProgress: (doing: string) => void,
): Promise<void> {
  const there = await engine
    .getImage(image)
    .inspect()
    .catch((error) => {
      if ((error as { statusCode?: number }).statusCode === GONE) return undefined;
      throw error;
    });
  if (there !== undefined) return;
  onProgress('pulling its image');
  const stream = await engine.pull(image);
  await followed(engine, stream, () => {});
}

async function buildImage(
  engine: Docker,
  tag: string,
  build: NonNullable<ComposeService['build']>,
  folder: string,
  context: Pick<Context, 'interrupted'>,
  onLine: (line: string) => void,
): Promise<void> {
  const stream = await engine.buildImage(
    { context: resolve(folder, build.context), src: ['.'] },
    {
      t: tag,
      ...(build.dockerfile === undefined ? {} : { dockerfile: build.dockerfile }),
      ...(build.target === undefined ? {} : { target: build.target }),
      ...(build.network === undefined ? {} : { networkmode: build.network }),
      buildargs: build.args,
      abortSignal: context.interrupted,
    },
  );
  await followed(engine, stream, onLine);
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

async function removeContainer(engine: Docker, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  const container = engine.getContainer(id);
  await container.stop().catch(() => {});
  await container.remove({ v: true, force: true }).catch((error) => {
    if ((error as { statusCode?: number }).statusCode !== GONE) throw error;
  });
}

async function untilHealthy(
  { clock, interrupted }: Pick<Context, 'clock' | 'interrupted'>,
  containers: Containers,
  service: string,
): Promise<void> {
  const deadline = clock.monotonic() + COMPANION_TIMEOUT_MS;
  for (;;) {
    const status = (await containers.list()).find((each) => each.service === service);
    if (status?.state === 'running' && status.health !== 'starting' && status.health !== 'unhealthy') return;
    const ended = status === undefined || status.state === 'exited' || status.state === 'dead';
    if (ended || clock.monotonic() > deadline) {
      throw notStarted([service], [`${service} did not become healthy: ${status?.reason ?? 'it is gone'}`]);
    }
    await clock.sleep(COMPANION_POLL_MS, interrupted);
  }
}
