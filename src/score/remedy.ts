import type { Snapshot } from '../model/observation.ts';

/**
 * What helps with a resource or service. `up` starts what does not run, and names what stands in its way. What runs and
 * is not well has to be ended first. What is well in itself tells in its log why it fails another check.
 */
export function commandFor(snapshot: Snapshot, name: string): string {
  const instances = snapshot.resources.filter((resource) => isOf(resource.name, name));
  const unwell = instances.find((instance) => instance.state !== 'active');
  if (instances.length > 0 && !unwell) return `qbtc logs ${name}`;
  return unwell?.state === 'unhealthy' && unwell.pid !== undefined ? 'qbtc down && qbtc up' : 'qbtc up';
}

/** `NAME-2` is a replica of the service NAME. */
function isOf(instance: string, name: string): boolean {
  return (
    instance === name || (instance.startsWith(`${name}-`) && /^\d+$/.test(instance.slice(name.length + 1)))
  );
}
