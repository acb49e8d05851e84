import type { ContainerInspectInfo } from 'dockerode';

/**
 * How long a container of a resource may take to end where nobody has said. The engine kills after ten seconds, which a
 * busy machine takes for a checkpoint alone: a server that keeps data gets what the stack's own compose file gives it.
 */
export const RESOURCE_GRACE_SECONDS = 60;

/**
 * What the engine is asked for when a container is to end: `t` in seconds, the container's own time when left out. A
 * resource whose compose file names no time gets the one that servers need.
 */
export function stopOptions(inspected: ContainerInspectInfo, isResource: boolean): { t?: number } {
  const { StopTimeout } = inspected.Config as { StopTimeout?: number | null };
  return isResource && (StopTimeout ?? undefined) === undefined ? { t: RESOURCE_GRACE_SECONDS } : {};
}
