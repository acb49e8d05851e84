import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerStatus } from './containers.ts';

/** The label by which compose names the service of a container; ours carry it too. */
export const SERVICE_LABEL = 'com.docker.compose.service';

/** The label by which compose names its project. */
export const PROJECT_LABEL = 'com.docker.compose.project';

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
