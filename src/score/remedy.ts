import type { Snapshot } from '../model/observation.ts';

/** Whether the snapshot shows this resource or service to be active. */
export function isActive(snapshot: Snapshot, name: string): boolean {
  return snapshot.resources.some((resource) => resource.name === name && resource.state === 'active');
}

/** What helps with a resource or service: `up` starts what does not run; what runs and is not well tells in its log. */
export function commandFor(snapshot: Snapshot, name: string): string {
  const state = snapshot.resources.find((resource) => resource.name === name)?.state;
  return state === 'active' || state === 'unhealthy' ? `qbtc logs ${name}` : 'qbtc up';
}
