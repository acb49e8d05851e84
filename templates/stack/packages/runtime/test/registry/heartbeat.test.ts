import { createLog } from '@stack/runtime/logging';
import type { Cache } from '@stack/runtime/redis';
import { createRegistry } from '@stack/runtime/registry';
import { afterEach, expect, it, vi } from 'vitest';
import { instanceOf } from '../instance.ts';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });

afterEach(() => {
  vi.useRealTimers();
});

it('does not wait for the next beat when one did not arrive', async () => {
  vi.useFakeTimers();
  let beats = 0;
  const cache = {
    async command(name: string) {
      if (name === 'SET') beats += 1;
      if (name === 'SET' && beats === 2) throw new Error('Command timed out');
      return 'OK';
    },
    onReady: (listener: () => void) => listener(),
  } as unknown as Cache;
  const registry = createRegistry({ cache, stack: 's', log, heartbeatMs: 30_000, ttlMs: 60_000 });
  const health = { report: async () => ({ status: 'healthy' }) as never };
  const lease = registry.register(instanceOf({ name: 'a', port: 1 }), health);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(beats).toBe(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(beats).toBe(3);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(beats).toBe(3);
  await lease.end('stopped');
});
