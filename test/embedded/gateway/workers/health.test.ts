import { describe, expect, it } from 'vitest';
import type { Checks } from '../../../../src/embedded/gateway/proxy/health.ts';
import type { UpstreamNode } from '../../../../src/embedded/gateway/proxy/upstream.ts';
import { HealthKeeper } from '../../../../src/embedded/gateway/workers/health-keeper.ts';
import type { FromWorker, ToWorker } from '../../../../src/embedded/gateway/workers/messages.ts';
import { RemoteHealth } from '../../../../src/embedded/gateway/workers/remote-health.ts';
import { startUpstream } from '../support/upstream.ts';

const node = (port: number): UpstreamNode => ({
  ...{ host: '127.0.0.1', port, weight: 1, priority: 0, inFlight: 0 },
});
const passive = (http: number): Checks => ({
  passive: { healthy: { successes: 2 }, unhealthy: { http_failures: http, tcp_failures: 1 } },
});

/** A keeper and workers that it tells at once. */
function setUp(count: number) {
  const said: FromWorker[] = [];
  const workers: { remote: RemoteHealth; send(message: ToWorker): void }[] = [];
  const keeper = new HealthKeeper((message) => {
    for (const worker of workers) worker.send(message);
  });
  const join = () => {
    const worker = {
      remote: new RemoteHealth((message) => {
        said.push(message);
        if (message.kind === 'watch') keeper.watch(worker, message);
        else if (message.kind === 'unwatch') keeper.unwatch(worker, message);
        else if (message.kind === 'outcome') keeper.take(message);
      }),
      send: (message: ToWorker) => {
        if (message.kind === 'nodes') worker.remote.take(JSON.parse(JSON.stringify(message)));
      },
    };
    workers.push(worker);
    keeper.join(worker);
    return worker;
  };
  for (let i = 0; i < count; i++) join();
  return { keeper, workers, said, join };
}

describe('what is known of nodes', () => {
  it('is known to all workers, those that come later too', () => {
    const { workers, join, keeper } = setUp(2);
    const health = () => {
      const nodes = [node(1), node(2)];
      return { nodes, of: (at: number) => workers[at]?.remote.of(passive(1), nodes) };
    };
    const [first, second] = [health(), health()];
    const one = first.of(0);
    expect(one?.among(first.nodes)).toBe(first.nodes);
    one?.report(first.nodes[1] as UpstreamNode, 'refused');
    expect(one?.among(first.nodes)).toEqual([first.nodes[0]]);
    // It had no request for that upstream before.
    expect(second.of(1)?.among(second.nodes)).toEqual([second.nodes[0]]);
    join();
    const third = health();
    const late = third.of(2);
    expect(late?.among(third.nodes)).toEqual([third.nodes[0]]);
    for (let i = 0; i < 2; i++) late?.report(third.nodes[1] as UpstreamNode, { status: 200 });
    expect(one?.among(first.nodes)).toBe(first.nodes);
    keeper.close();
  });

  it('adds up what all of them report', () => {
    const { workers, said } = setUp(2);
    const nodes = [node(1), node(2)];
    const [one, two] = workers.map(({ remote }) => remote.of(passive(3), nodes));
    one?.among(nodes);
    two?.among(nodes);
    const down = nodes[0] as UpstreamNode;
    one?.report(down, { status: 500 });
    two?.report(down, { status: 500 });
    expect([one?.isHealthy(down), two?.isHealthy(down)]).toEqual([true, true]);
    // A success of either takes the failures back.
    two?.report(down, { status: 200 });
    one?.report(down, { status: 500 });
    two?.report(down, { status: 500 });
    expect(one?.isHealthy(down)).toBe(true);
    one?.report(down, { status: 500 });
    expect([one?.isHealthy(down), two?.isHealthy(down)]).toEqual([false, false]);
    said.length = 0;
    // That what is well is well is no news.
    for (let i = 0; i < 10; i++) one?.report(nodes[1] as UpstreamNode, { status: 200 });
    expect(said).toEqual([]);
  });

  it('is forgotten when no worker has the upstream any more', () => {
    const { workers, keeper } = setUp(2);
    const nodes = [node(1), node(2)];
    const watch = (at: number) => {
      const health = workers[at]?.remote.of(passive(1), nodes);
      health?.among(nodes);
      return health;
    };
    const [one, two] = [watch(0), watch(1)];
    one?.report(nodes[0] as UpstreamNode, 'refused');
    one?.end();
    expect(two?.among(nodes)).toEqual([nodes[1]]);
    keeper.leave(workers[1] as never);
    expect(watch(0)?.among(nodes)).toBe(nodes);
  });

  it('is asked for by the keeper alone, whoever has begun', async () => {
    let probes = 0;
    const upstream = await startUpstream((_, response) => {
      probes++;
      response.end();
    });
    const { workers, keeper } = setUp(2);
    const nodes = [node(upstream.port)];
    const interval = { interval: 0.01 };
    const checks: Checks = { active: { type: 'http', healthy: interval, unhealthy: interval } };
    for (const { remote } of workers) remote.of(checks, nodes).among(nodes);
    await new Promise((resolve) => setTimeout(resolve, 45));
    keeper.close();
    expect(probes).toBeGreaterThanOrEqual(1);
    expect(probes).toBeLessThanOrEqual(5);
    await upstream.close();
  });
});
