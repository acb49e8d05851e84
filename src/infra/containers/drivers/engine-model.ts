import { isAbsolute, resolve } from 'node:path';
import type { ContainerCreateOptions } from 'dockerode';
import * as z from 'zod';

/**
 * The part of the Compose specification that is carried out through the engine's own API, in its short forms. What is
 * not in it is refused, never ignored.
 */

const texts = z.union([z.array(z.string()), z.string().transform((text) => ['/bin/sh', '-c', text])]);
const scalar = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? '' : String(value)));
/** `{A: 1}` or `[A=1]`. */
const pairs = z
  .union([
    z.record(z.string(), scalar),
    z.array(z.string()).transform((entries) =>
      Object.fromEntries(
        entries.map((entry) => {
          const at = entry.indexOf('=');
          return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
        }),
      ),
    ),
  ])
  .default({});

const UNITS: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const bytes = z.union([z.number(), z.string()]).transform((value, context) => {
  const [, amount, unit = ''] = /^(\d+)\s*([bkmg]?)b?$/i.exec(String(value)) ?? [];
  if (amount === undefined) {
    context.addIssue(`found "${value}", expected an amount such as 512m`);
    return 0;
  }
  return Number(amount) * (UNITS[unit.toLowerCase()] ?? 1);
});

/** In milliseconds: `1m30s`, `5s`, `200ms`. */
const duration = z.string().transform((text, context) => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    context.addIssue(`found "${text}", expected a duration such as 10s`);
    return 0;
  }
  const factors: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return parts.reduce((sum, [, amount, unit = 's']) => sum + Number(amount) * (factors[unit] ?? 0), 0);
});

const healthcheck = z.strictObject({
  test: z.union([z.array(z.string()), z.string().transform((text) => ['CMD-SHELL', text])]),
  interval: duration.optional(),
  timeout: duration.optional(),
  start_period: duration.optional(),
  // Engines before 25 do not know it; it only makes the first check come sooner.
  start_interval: duration.optional(),
  retries: z.coerce.number().int().optional(),
});

const build = z.preprocess(
  (value) => (typeof value === 'string' ? { context: value } : value),
  z.strictObject({
    context: z.string(),
    dockerfile: z.string().optional(),
    target: z.string().optional(),
    network: z.string().optional(),
    args: pairs,
  }),
);

/** A file of variables; one that is not required may be missing. */
const envFile = z.union([
  z.string().transform((path) => ({ path, required: true })),
  z.strictObject({ path: z.string(), required: z.boolean().default(true) }),
]);

const service = z.strictObject({
  image: z.string().optional(),
  build: build.optional(),
  command: texts.optional(),
  entrypoint: texts.optional(),
  environment: pairs,
  env_file: z.union([z.array(envFile), envFile.transform((file) => [file])]).default([]),
  ports: z.array(scalar).default([]),
  expose: z.array(scalar).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default(['default']),
  tmpfs: z.union([z.array(z.string()), z.string().transform((path) => [path])]).default([]),
  healthcheck: healthcheck.optional(),
  depends_on: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).default([]),
  labels: pairs,
  user: z.string().optional(),
  working_dir: z.string().optional(),
  hostname: z.string().optional(),
  read_only: z.boolean().default(false),
  init: z.boolean().default(false),
  mem_limit: bytes.optional(),
  restart: z.string().default('no'),
  stop_signal: z.string().optional(),
  stop_grace_period: duration.optional(),
  cap_drop: z.array(z.string()).default([]),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  extra_hosts: z.array(z.string()).default([]),
  scale: z.coerce.number().int().min(0).default(1),
});

const labelled = z.union([z.strictObject({ labels: pairs }), z.null().transform(() => ({ labels: {} }))]);

export const composeModel = z
  .strictObject({
    name: z.string().optional(),
    services: z.record(z.string(), service),
    networks: z.record(z.string(), labelled).default({}),
    volumes: z.record(z.string(), labelled).default({}),
  })
  .transform((model) => ({
    ...model,
    networks: { default: { labels: {} }, ...model.networks },
    services: Object.fromEntries(
      Object.entries(model.services).map(([name, { scale, ...rest }]) => [
        name,
        { ...rest, replicas: scale },
      ]),
    ),
  }));

export type ComposeModel = z.output<typeof composeModel>;
export type ComposeService = ComposeModel['services'][string];

export interface Placing {
  project: string;
  name: string;
  containerName: string;
  /** Counts the replicas from 1. */
  index: number;
  image: string;
  /** The folder that relative paths begin at. */
  folder: string;
  labels: Record<string, string>;
}

/** The image of a service; one that is built is named as compose names it. */
export function imageOf(service: Pick<ComposeService, 'image'>, project: string, name: string): string {
  return service.image ?? `${project}-${name}`;
}

const NANOSECONDS = 1_000_000;

/** What the engine is asked for (Docker Engine API 1.41, `ContainerCreate`). */
export function containerOptions(service: ComposeService, placing: Placing): ContainerCreateOptions {
  const { project, name, folder } = placing;
  const check = service.healthcheck;
  const ports = service.ports.map(portOf);
  const dependsOn = Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on);
  const [firstNetwork = 'default', ...otherNetworks] = service.networks;
  return {
    name: placing.containerName,
    Image: placing.image,
    ...(service.command === undefined ? {} : { Cmd: service.command }),
    ...(service.entrypoint === undefined ? {} : { Entrypoint: service.entrypoint }),
    Env: Object.entries(service.environment).map(([key, value]) => `${key}=${value}`),
    Labels: {
      ...service.labels,
      'com.docker.compose.project': project,
      'com.docker.compose.container-number': String(placing.index),
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.depends_on': dependsOn.map((each) => `${each}:service_healthy:false`).join(','),
      ...placing.labels,
    },
    ExposedPorts: Object.fromEntries([
      ...ports.map(({ container }) => [container, {}]),
      ...service.expose.map((port) => [`${port}/tcp`, {}]),
    ]),
    ...(service.user === undefined ? {} : { User: service.user }),
    ...(service.working_dir === undefined ? {} : { WorkingDir: service.working_dir }),
    ...(service.hostname === undefined ? {} : { Hostname: service.hostname }),
    ...(service.stop_signal === undefined ? {} : { StopSignal: service.stop_signal }),
    ...(service.stop_grace_period === undefined
      ? {}
      : { StopTimeout: Math.ceil(service.stop_grace_period / 1000) }),
    ...(check === undefined
      ? {}
      : {
          Healthcheck: {
            Test: check.test,
            Interval: (check.interval ?? 0) * NANOSECONDS,
            Timeout: (check.timeout ?? 0) * NANOSECONDS,
            StartPeriod: (check.start_period ?? 0) * NANOSECONDS,
            Retries: check.retries ?? 0,
          },
        }),
    HostConfig: {
      Binds: service.volumes.map((volume) => bindOf(volume, project, folder)),
      PortBindings: Object.fromEntries(
        ports.map(({ container, host, from, to }) => [
          container,
          [{ HostIp: host, HostPort: from === to ? String(from) : `${from}-${to}` }],
        ]),
      ),
      Tmpfs: Object.fromEntries(
        service.tmpfs.map((entry) => {
          const [path = '', options = ''] = entry.split(':');
          return [path, options];
        }),
      ),
      NetworkMode: `${project}_${firstNetwork}`,
      ReadonlyRootfs: service.read_only,
      Init: service.init,
      ...(service.mem_limit === undefined ? {} : { Memory: service.mem_limit }),
      RestartPolicy: restartPolicy(service.restart),
      CapDrop: service.cap_drop,
      CapAdd: service.cap_add,
      SecurityOpt: service.security_opt,
      ExtraHosts: service.extra_hosts,
    },
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        [firstNetwork, ...otherNetworks].map((network) => [`${project}_${network}`, { Aliases: [name] }]),
      ),
    },
  };
}

/** `127.0.0.1:5672:5672`, `127.0.0.1:8000-8002:8000`, `8080:80/tcp`. */
function portOf(text: string): { container: string; host: string; from: number; to: number } {
  const [mapping = '', protocol = 'tcp'] = text.split('/');
  const parts = mapping.split(':');
  const inside = parts.pop() ?? '';
  const outside = parts.pop() ?? '';
  const [from = '', to = from] = outside.split('-');
  return { container: `${inside}/${protocol}`, host: parts.join(':'), from: Number(from), to: Number(to) };
}

/** `data:/var/lib` is a volume of the project, `./file:/etc/file:ro` a path beside the compose file. */
function bindOf(volume: string, project: string, folder: string): string {
  const [, source = '', rest = ''] = /^((?:[A-Za-z]:[\\/])?[^:]*):(.*)$/.exec(volume) ?? [];
  if (source.startsWith('.')) return `${resolve(folder, source)}:${rest}`;
  if (isAbsolute(source)) return volume;
  return `${project}_${source}:${rest}`;
}

function restartPolicy(text: string): { Name: string; MaximumRetryCount?: number } {
  const [name = 'no', count] = text.split(':');
  return count === undefined ? { Name: name } : { Name: name, MaximumRetryCount: Number(count) };
}
