import type { Instance } from '@stack/runtime/registry';

/** An instance as the registry gives it, with what a test cares about. */
export function instanceOf(fields: Partial<Instance> & { name: string; port: number }): Instance {
  return {
    instance: `${fields.name}@127.0.0.1:${fields.port}`,
    version: '1',
    host: '127.0.0.1',
    protocol: 'http',
    health: '/health',
    weight: 1,
    metadata: {},
    status: 'healthy',
    registered_at: '',
    beat_at: '',
    ...fields,
  };
}
