import { afterEach, describe, expect, it } from 'vitest';
import { applyRoutes, planRoutes } from '../../src/gateway/index.ts';
import { reachContext } from '../support/context.ts';
import { type ScriptedServer, scriptedServer } from '../support/scripted-server.ts';
import { stackWith } from './stacks.ts';

const open: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** An Admin API that holds nothing and takes this many writes, then does `afterwards`. */
async function gatewayThatTakes(writes: number, afterwards: (server: ScriptedServer) => void) {
  let taken = 0;
  const server = await scriptedServer((request, response) => {
    if (request.method === 'GET') {
      response.end('{"total":0,"list":[]}');
      return;
    }
    taken += 1;
    if (taken > writes) {
      afterwards(server);
      request.socket.destroy();
      return;
    }
    response.writeHead(201).end('{"key":"","value":{}}');
  });
  open.push(server);
  return server;
}

const ROUTES = 300;
const stackAt = (url: string) =>
  stackWith({
    services: [
      {
        name: 'api',
        routes: Array.from({ length: ROUTES }, (_, index) => ({ name: `r${index}`, uri: `/${index}` })),
      },
    ],
    admin: { url, key: 'the-key' },
  });

describe('applyRoutes', () => {
  it('reports what was done, what failed and what was not tried when the gateway goes away half-way', async () => {
    const server = await gatewayThatTakes(100, ({ close }) => void close().catch(() => {}));
    open.length = 0;
    const stack = stackAt(server.url);
    const context = reachContext();
    const outcomes = await applyRoutes(context, stack, await planRoutes(context, stack));
    expect(outcomes).toHaveLength(ROUTES + 1);
    const of = (status: string) => outcomes.filter((outcome) => outcome.status === status);
    // What was in flight may have been taken or not; the rest is not tried one by one.
    expect(of('done').length).toBeGreaterThan(50);
    expect(of('failed').length).toBeGreaterThan(0);
    expect(of('failed').length).toBeLessThanOrEqual(32);
    expect(of('skipped').length).toBeGreaterThan(100);
    for (const { reason } of [...of('failed'), ...of('skipped')])
      expect(reason).toContain('cannot be reached');
  });

  it('starts nothing more once it is interrupted', async () => {
    const server = await gatewayThatTakes(Number.POSITIVE_INFINITY, () => {});
    const controller = new AbortController();
    const context = reachContext(controller.signal);
    const stack = stackAt(server.url);
    const planned = await planRoutes(context, stack);
    let ended = 0;
    const outcomes = await applyRoutes(context, stack, planned, {
      concurrency: 4,
      onProgress: () => {
        ended += 1;
        if (ended === 20) controller.abort(new Error('interrupted'));
      },
    });
    expect(outcomes.filter((outcome) => outcome.status === 'done').length).toBeLessThan(30);
    const skipped = outcomes.filter((outcome) => outcome.status === 'skipped');
    expect(skipped.length).toBeGreaterThan(ROUTES - 30);
    expect(skipped.every((outcome) => outcome.reason === 'interrupted')).toBe(true);
  });
});
