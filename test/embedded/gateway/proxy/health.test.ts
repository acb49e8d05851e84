import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Checks, HealthMonitor } from '../../../../src/embedded/gateway/proxy/health.ts';
import type { UpstreamNode } from '../../../../src/embedded/gateway/proxy/upstream.ts';

let server: Server;
let probes: ServerResponse[] = [];
let monitor: HealthMonitor | undefined;
let judged = 0;

beforeEach(async () => {
  probes = [];
  judged = 0;
  // The rounds begin when a test says so; the probes are real.
  vi.useFakeTimers({ toFake: ['setInterval'] });
  server = createServer((_, response) => probes.push(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  monitor?.end();
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

const nodeAt = (port: number): UpstreamNode => ({
  host: '127.0.0.1',
  port,
  weight: 1,
  priority: 0,
  inFlight: 0,
});
const here = () => nodeAt((server.address() as AddressInfo).port);

function watch(active: Checks['active'], nodes: UpstreamNode[]): HealthMonitor {
  monitor = new HealthMonitor({ active: active ?? {} }, nodes, () => judged++);
  monitor.among(nodes);
  return monitor;
}

describe('active checks', () => {
  it('probe a node again when the probe before has come to something', async () => {
    watch({ healthy: { interval: 1 } }, [here()]);
    vi.advanceTimersByTime(3_000);
    await expect.poll(() => probes).toHaveLength(1);
    probes[0]?.end();
    await expect.poll(() => judged).toBe(1);
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => probes).toHaveLength(2);
  });

  it('probe so many nodes at once as `concurrency` says', async () => {
    watch({ concurrency: 2 }, [here(), here(), here()]);
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => probes).toHaveLength(2);
    probes[0]?.end();
    await expect.poll(() => probes).toHaveLength(3);
  });

  it('take a connection for a success, whatever statuses are ones', async () => {
    const node = here();
    const healthy = { http_statuses: [299], successes: 1 };
    const health = watch({ type: 'tcp', healthy, unhealthy: { tcp_failures: 1 } }, [node]);
    const port = node.port;
    node.port = 1;
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => health.isHealthy(node)).toBe(false);
    node.port = port;
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => health.isHealthy(node)).toBe(true);
  });

  it('wait no shorter than they are told, however long that is', () => {
    watch({ healthy: { interval: 3_000_000 }, unhealthy: { interval: 3_000_000 } }, [here()]);
    vi.advanceTimersByTime(2 ** 31 - 2);
    expect(vi.getTimerCount()).toBe(2);
    expect(probes).toHaveLength(0);
  });

  it('fail with what an earlier version has kept and cannot be sent', async () => {
    const node = here();
    const health = watch({ http_path: '/a b', timeout: -1, unhealthy: { tcp_failures: 1 } }, [node]);
    vi.advanceTimersByTime(1_000);
    await expect.poll(() => health.isHealthy(node)).toBe(false);
  });
});
