import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ContainerCreateOptions, EndpointSettings, MountSettings } from 'dockerode';
import type { ComposeModel } from '../compose/model.ts';
import type { Attachment } from '../compose/service.ts';
import type { Mount } from '../compose/volumes.ts';
import { PROJECT_LABEL, SERVICE_LABEL } from '../status.ts';

/** A service that is read to its end. */
export type ModelService = ComposeModel['services'][string];

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
  /** The names that volumes and networks of the compose file have in the engine, by their keys. */
  volumeName: (key: string) => string;
  networkName: (key: string) => string;
  /** The volumes without a name that an earlier container had, by where they were mounted: they go on. */
  inherited: ReadonlyMap<string, string>;
  /** How long it may take to end where the compose file says nothing; the engine's own ten seconds when left out. */
  graceSeconds: number | undefined;
}

/** The image of a service; one that is built is named as compose names it. */
export function imageOf(service: Pick<ModelService, 'image'>, project: string, name: string): string {
  return service.image ?? `${project}-${name}`;
}

const NANOSECONDS = 1_000_000;

/** What is left out where the compose file says nothing: the engine's own default. */
function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** What the engine is asked for (Docker Engine API 1.41, `ContainerCreate`). */
export function containerOptions(service: ModelService, placing: Placing): ContainerCreateOptions {
  const { project, name, index } = placing;
  const mounted = new Set(service.volumes.map(({ target }) => target));
  const grace =
    service.stop_grace_period === undefined
      ? placing.graceSeconds
      : Math.ceil(service.stop_grace_period / 1000);
  return {
    name: placing.containerName,
    Image: placing.image,
    Env: Object.entries(service.environment).map(([key, value]) => `${key}=${value}`),
    Labels: {
      ...service.labels,
      [PROJECT_LABEL]: project,
      [SERVICE_LABEL]: name,
      'com.docker.compose.container-number': String(index),
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.depends_on': Object.entries(service.depends_on)
        .map(([needed, condition]) => `${needed}:${condition}:false`)
        .join(','),
      ...placing.labels,
    },
    ExposedPorts: Object.fromEntries(
      [...service.ports.map(({ container }) => container), ...service.expose].map((port) => [port, {}]),
    ),
    ...given({
      Cmd: service.command,
      Entrypoint: service.entrypoint,
      User: service.user,
      WorkingDir: service.working_dir,
      Hostname: service.hostname,
      Domainname: service.domainname,
      StopSignal: service.stop_signal,
      StopTimeout: grace,
      Tty: service.tty || undefined,
      OpenStdin: service.stdin_open || undefined,
      Healthcheck: healthcheck(service.healthcheck),
    }),
    HostConfig: {
      ...hostLimits(service),
      Binds: [
        ...service.volumes.flatMap((mount) => bindOf(mount, placing)),
        ...[...placing.inherited].flatMap(([target, volume]) =>
          isNamed(service.volumes, target) ? [] : [`${volume}:${target}`],
        ),
      ],
      Mounts: service.volumes.flatMap((mount) => mountOf(mount, placing)),
      PortBindings: portBindings(service),
      Tmpfs: Object.fromEntries(
        service.tmpfs
          .map((entry) => entry.split(/:(.*)/s))
          .filter(([path = '']) => !mounted.has(path))
          .map(([path = '', options = '']) => [path, options]),
      ),
      NetworkMode: service.network_mode ?? placing.networkName(joinedNetworks(service)[0]?.[0] ?? 'default'),
      ReadonlyRootfs: service.read_only,
      Init: service.init,
      RestartPolicy: restartPolicy(service.restart),
      CapDrop: service.cap_drop,
      CapAdd: service.cap_add,
      SecurityOpt: service.security_opt,
      ExtraHosts: service.extra_hosts,
    },
    ...(service.network_mode === undefined
      ? {
          NetworkingConfig: {
            EndpointsConfig: Object.fromEntries(
              // Engines before API 1.44 take one; the others are joined before it is started.
              joinedNetworks(service)
                .slice(0, 1)
                .map(([key, attachment]) => [placing.networkName(key), endpointOf(attachment, placing)]),
            ),
          },
        }
      : {}),
  };
}

/** The networks of a service, the one of the highest priority first. */
export function joinedNetworks(service: Pick<ModelService, 'networks'>): [string, Attachment][] {
  return Object.entries(service.networks).sort(([, a], [, b]) => (b.priority ?? 0) - (a.priority ?? 0));
}

export function endpointOf(
  attachment: Attachment,
  { name, containerName }: Pick<Placing, 'name' | 'containerName'>,
): EndpointSettings {
  const { aliases, ipv4_address, ipv6_address } = attachment;
  return {
    Aliases: [...new Set([name, containerName, ...aliases])],
    ...(ipv4_address === undefined && ipv6_address === undefined
      ? {}
      : { IPAMConfig: given({ IPv4Address: ipv4_address, IPv6Address: ipv6_address }) }),
  } as EndpointSettings;
}

function hostLimits(service: ModelService): ContainerCreateOptions['HostConfig'] {
  return given({
    Memory: service.mem_limit,
    MemoryReservation: service.mem_reservation,
    MemorySwap: service.memswap_limit,
    ShmSize: service.shm_size,
    NanoCpus: service.cpus === undefined ? undefined : Math.round(service.cpus * 1e9),
    CpuShares: service.cpu_shares,
    CpuPeriod: service.cpu_period,
    CpuQuota: service.cpu_quota,
    CpusetCpus: service.cpuset,
    PidsLimit: service.pids_limit,
    OomScoreAdj: service.oom_score_adj,
    OomKillDisable: service.oom_kill_disable,
    Privileged: service.privileged || undefined,
    GroupAdd: service.group_add.length === 0 ? undefined : service.group_add,
    IpcMode: service.ipc,
    PidMode: service.pid,
    Runtime: service.runtime,
    Dns: service.dns.length === 0 ? undefined : service.dns,
    DnsSearch: service.dns_search.length === 0 ? undefined : service.dns_search,
    DnsOptions: service.dns_opt.length === 0 ? undefined : service.dns_opt,
    Sysctls: Object.keys(service.sysctls).length === 0 ? undefined : service.sysctls,
    Ulimits: Object.entries(service.ulimits).map(([Name, { soft, hard }]) => ({
      Name,
      Soft: soft,
      Hard: hard,
    })),
    Devices: service.devices.map((device) => {
      const [host = '', inside = host, permissions = 'rwm'] = device.split(':');
      return { PathOnHost: host, PathInContainer: inside, CgroupPermissions: permissions };
    }),
    LogConfig:
      service.logging === undefined
        ? undefined
        : { Type: service.logging.driver ?? '', Config: service.logging.options },
  });
}

function healthcheck(check: ModelService['healthcheck']) {
  if (check === undefined) return undefined;
  const { test, interval, timeout, start_period, retries } = {
    interval: 0,
    timeout: 0,
    start_period: 0,
    retries: 0,
    ...check,
  };
  return {
    ...(test === undefined ? {} : { Test: test }),
    Interval: (interval ?? 0) * NANOSECONDS,
    Timeout: (timeout ?? 0) * NANOSECONDS,
    StartPeriod: (start_period ?? 0) * NANOSECONDS,
    Retries: retries ?? 0,
  };
}

function portBindings({ ports }: ModelService): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { container, host, published } of ports) {
    bindings[container] ??= [];
    bindings[container].push({ HostIp: host, HostPort: published });
  }
  return bindings;
}

/** Whether a volume with a name, or a path, stands there now. */
function isNamed(volumes: readonly Mount[], target: string): boolean {
  return volumes.some((mount) => mount.target === target && mount.source !== undefined);
}

/** `data:/var/lib` is a volume of the project, `./file:/etc/file:ro` a path beside the compose file. */
function bindOf(mount: Mount, { folder, volumeName }: Placing): string[] {
  const { type, source, target, options, mustExist } = mount;
  if (source === undefined || mustExist === true) return [];
  const from = type === 'bind' ? pathOf(source, folder) : volumeName(source);
  return [`${from}:${target}${options.length === 0 ? '' : `:${options.join(',')}`}`];
}

function pathOf(source: string, folder: string): string {
  return resolve(
    folder,
    source === '~' || source.startsWith('~/') ? join(homedir(), source.slice(1)) : source,
  );
}

function mountOf(mount: Mount, { folder, inherited, labels, project }: Placing): MountSettings[] {
  const { type, source, target, options, sizeBytes, mode, mustExist } = mount;
  const common = { Target: target, ReadOnly: options.includes('ro') };
  if (type === 'tmpfs')
    return [
      { ...common, Source: '', Type: 'tmpfs', TmpfsOptions: given({ SizeBytes: sizeBytes, Mode: mode }) },
    ] as MountSettings[];
  if (mustExist === true && source !== undefined)
    return [{ ...common, Type: 'bind', Source: pathOf(source, folder) }];
  if (source !== undefined || inherited.has(target)) return [];
  const VolumeOptions = { Labels: { ...labels, [PROJECT_LABEL]: project } };
  return [{ ...common, Source: '', Type: 'volume', VolumeOptions } as unknown as MountSettings];
}

function restartPolicy(written: string): { Name: string; MaximumRetryCount?: number } {
  const [name = 'no', count] = written.split(':');
  return count === undefined ? { Name: name } : { Name: name, MaximumRetryCount: Number(count) };
}
