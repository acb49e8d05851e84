import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerStatus } from './containers.ts';

/** The label by which compose names the service of a container; ours carry it too. */
export const SERVICE_LABEL = 'com.docker.compose.service';

/** Compose marks the container of `docker compose run`, which is none of those that the service declares. */
const ONE_OFF_LABEL = 'com.docker.compose.oneoff';

/** A process writes its first line a millisecond before the engine notes its start; restarts are further apart. */
const START_NOTED_WITHIN_MS = 50;

/** The label by which compose names its project. */
export const PROJECT_LABEL = 'com.docker.compose.project';

/** Whether it runs or the engine is about to start it again: its ports are ours. */
export function isAlive({ state }: Pick<ContainerStatus, 'state'>): boolean {
  return state === 'running' || state === 'restarting' || state === 'paused';
}

/**
 * From when on lines are of the last start, in milliseconds since the epoch; `undefined` where all are. The engine notes a
 * start a moment after the process may have written its first line, and the end before it a moment before it has read
 * the last one: halfway between the two nothing is written.
 */
export function startOf({
  StartedAt,
  FinishedAt,
}: Pick<ContainerInspectInfo['State'], 'StartedAt' | 'FinishedAt'>): number | undefined {
  const [started, finished] = [Date.parse(StartedAt), Date.parse(FinishedAt)];
  // The engine has the year 1 for what has never been.
  if (!(started > 0)) return undefined;
  // Of one that has ended since, the end before it is not known any more.
  if (finished > started) return started - START_NOTED_WITHIN_MS;
  return finished > 0 ? (started + finished) / 2 : undefined;
}

/** What the engine says of a container, in our words. */
export function containerStatus(inspected: ContainerInspectInfo): ContainerStatus {
  const { State: state, Config: config, HostConfig: host, NetworkSettings: network } = inspected;
  const health = state.Health?.Status;
  return {
    service: config.Labels[SERVICE_LABEL] ?? inspected.Name.replace(/^\//, ''),
    id: inspected.Id,
    name: inspected.Name.replace(/^\//, ''),
    state: stateOf(state.Status),
    exitCode: stateOf(state.Status) === 'exited' ? state.ExitCode : undefined,
    failed: state.OOMKilled === true || Boolean(state.Error),
    health: health === 'healthy' || health === 'unhealthy' || health === 'starting' ? health : undefined,
    reason: reasonOf(state, host.Memory ?? 0),
    startedAt: state.StartedAt.startsWith('0001-') ? undefined : state.StartedAt,
    restarts: inspected.RestartCount,
    pid: state.Pid > 0 ? state.Pid : undefined,
    ports: publishedPorts(network.Ports),
  };
}

/** Whether it was made for one command, beside the containers of its service. */
export function isOneOff({ Config: { Labels } }: Pick<ContainerInspectInfo, 'Config'>): boolean {
  return Labels[ONE_OFF_LABEL]?.toLowerCase() === 'true';
}

function stateOf(status: string): ContainerStatus['state'] {
  switch (status) {
    case 'created':
    case 'running':
    case 'restarting':
    case 'paused':
    case 'dead':
      return status;
    default:
      return 'exited';
  }
}

function reasonOf(state: ContainerInspectInfo['State'], memory: number): string {
  const limit = memory > 0 ? ` (limit ${Math.round(memory / 1024 / 1024)} MB)` : '';
  switch (state.Status) {
    case 'running':
      return state.Health?.Status === 'unhealthy' ? `unhealthy: ${lastCheck(state)}` : '';
    case 'paused':
      return 'paused';
    case 'created':
      return state.Error === '' ? 'not started yet' : state.Error;
    default:
      if (state.OOMKilled) return `killed: out of memory${limit}`;
      if (state.Error !== '') return state.Error;
      return `exited with code ${state.ExitCode}`;
  }
}

function lastCheck(state: ContainerInspectInfo['State']): string {
  const output = state.Health?.Log?.at(-1)?.Output?.trim() ?? '';
  return output.split('\n').at(-1) || 'its health check says nothing';
}

function publishedPorts(ports: ContainerInspectInfo['NetworkSettings']['Ports'] | undefined): number[] {
  const published = Object.values(ports ?? {}).flatMap((bindings) =>
    (bindings ?? []).map(({ HostPort }) => Number(HostPort)),
  );
  return [...new Set(published)].sort((a, b) => a - b);
}
