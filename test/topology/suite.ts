import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Stack } from '../../src/model/stack.ts';
import { applyTopology, planTopology } from '../../src/topology/index.ts';
import { stackWith } from '../gateway/stacks.ts';
import { reachContext } from '../support/context.ts';

/** A broker with a management API, whoever it is, which holds the vhost or lets the account create it. */
export interface BrokerUnderTest {
  managementUrl: string;
  user: string;
  password: string;
}

const TOPOLOGY = `exchanges:
  - { name: in, type: topic }
  - { name: spread, type: fanout, arguments: { alternate-exchange: in } }
  - { name: by-header, type: headers }
queues:
  - { name: q_quorum, arguments: { x-queue-type: quorum, x-delivery-limit: 5, x-dead-letter-exchange: in } }
  - { name: q_classic, arguments: { x-queue-type: classic, x-message-ttl: 60000 } }
  - { name: "q with / and ü", arguments: { x-max-length: 10, x-overflow: reject-publish } }
bindings:
  - { source: in, destination: q_quorum, routing_key: a.b }
  - { source: in, destination: q_quorum, routing_key: "a.*" }
  - { source: in, destination: "q with / and ü", routing_key: "#" }
  - { source: spread, destination: q_classic }
  - { source: in, destination: spread, destination_type: exchange, routing_key: s }
  - { source: by-header, destination: q_classic, arguments: { x-match: all, kind: order } }
`;

/** What must hold with every broker: run against the embedded one and a real RabbitMQ. */
export function topologySuite(brokerWith: (vhost: string) => Promise<BrokerUnderTest>): void {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qbtc-topology-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const context = reachContext();
  const stackOf = async (
    vhost: string,
    topology: string,
    account: Partial<BrokerUnderTest> = {},
  ): Promise<Stack> => {
    const { managementUrl, user, password } = { ...(await brokerWith(vhost)), ...account };
    const topologyFile = join(folder, `${vhost}.yaml`);
    await writeFile(topologyFile, topology);
    const endpoint = { url: '', host: '127.0.0.1', port: 0, managementUrl, user, password, vhost };
    return {
      ...stackWith({}),
      topologyFile,
      resources: [{ name: 'broker', kind: 'rabbitmq', ports: {}, endpoint }],
    };
  };
  const api = async (vhost: string, method: string, path: string, body?: object) => {
    const { managementUrl, user, password } = await brokerWith(vhost);
    const [collection, ...rest] = path.split('/');
    await context.http(`${managementUrl}/api/${[collection, vhost, ...rest].join('/')}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      timeoutMs: 10_000,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  };

  it('creates the vhost and all that is declared; the second plan is empty', async () => {
    const stack = await stackOf('first', TOPOLOGY);
    const planned = await planTopology(context, stack);
    const declared = planned.changes.filter((change) => change.kind !== 'vhost');
    expect(declared).toHaveLength(3 + 3 + 6);
    expect(declared.every((change) => change.action === 'create')).toBe(true);
    const seen: string[] = [];
    const outcomes = await applyTopology(context, stack, planned, {
      onProgress: ({ change }) => seen.push(change.name),
    });
    expect(outcomes.filter((outcome) => outcome.status !== 'done')).toEqual([]);
    expect(seen).toHaveLength(planned.changes.length);
    const again = await planTopology(context, stack);
    expect(again.changes).toEqual([]);
    expect(again.unmanaged).toEqual({ exchanges: [], queues: [], bindings: [] });
  });

  it('repairs what was deleted by hand', async () => {
    const stack = await stackOf('repair', TOPOLOGY);
    await applyTopology(context, stack, await planTopology(context, stack));
    await api('repair', 'DELETE', 'queues/q_quorum');
    const planned = await planTopology(context, stack);
    expect(planned.changes.map((change) => `${change.action} ${change.kind} ${change.name}`)).toEqual([
      'create queue q_quorum',
      'create binding in → q_quorum (a.b)',
      'create binding in → q_quorum (a.*)',
    ]);
    await applyTopology(context, stack, planned);
    expect((await planTopology(context, stack)).changes).toEqual([]);
  });

  it('reports a changed argument as needing a migration, and leaves the queue as it is', async () => {
    const before = await stackOf('changed', TOPOLOGY);
    await applyTopology(context, before, await planTopology(context, before));
    const changed = await stackOf(
      'changed',
      TOPOLOGY.replace('x-message-ttl: 60000', 'x-message-ttl: 30000'),
    );
    const planned = await planTopology(context, changed);
    expect(planned.changes).toMatchObject([
      {
        action: 'update',
        kind: 'queue',
        name: 'q_classic',
        reason: 'needs migration',
        fields: [{ path: 'arguments.x-message-ttl', from: 60000, to: 30000 }],
      },
    ]);
    const [outcome] = await applyTopology(context, changed, planned);
    expect(outcome).toMatchObject({ status: 'failed' });
    expect(outcome?.reason).toMatch(
      /`DELETE \/api\/queues\/[^/]+\/q_classic`, then run `qbtc topology apply`/,
    );
    const unchanged = await stackOf('changed', TOPOLOGY);
    expect((await planTopology(context, unchanged)).changes).toEqual([]);
  });

  it('leaves alone what is not declared, and says that it is there', async () => {
    const stack = await stackOf('shared', TOPOLOGY);
    await applyTopology(context, stack, await planTopology(context, stack));
    await api('shared', 'PUT', 'queues/theirs', { durable: true, auto_delete: false, arguments: {} });
    await api('shared', 'POST', 'bindings/e/in/q/theirs', { routing_key: 'x', arguments: {} });
    const { changes, unmanaged } = await planTopology(context, stack);
    expect(changes).toEqual([]);
    expect(unmanaged).toEqual({ exchanges: [], queues: ['theirs'], bindings: ['in → theirs (x)'] });
  });

  it('says what the broker refuses, in its words, and goes on with what does not depend on it', async () => {
    const stack = await stackOf(
      'refused',
      `exchanges: [{ name: in, type: topic }]
queues:
  - { name: bad, arguments: { x-queue-type: classic, x-dead-letter-routing-key: k } }
  - { name: good }
bindings:
  - { source: in, destination: bad, routing_key: a }
  - { source: in, destination: good, routing_key: a }
`,
    );
    const all = await applyTopology(context, stack, await planTopology(context, stack));
    const outcomes = all.filter(({ change }) => change.kind !== 'vhost');
    expect(outcomes.map(({ change, status }) => `${change.name}: ${status}`)).toEqual([
      'in: done',
      'bad: failed',
      'good: done',
      'in → bad (a): skipped',
      'in → good (a): done',
    ]);
    expect(outcomes[1]?.reason).toMatch(/x-dead-letter-routing-key/);
    expect(outcomes[3]?.reason).toBe('queue bad failed');
  });

  it('tells a wrong password from a broker that is away', async () => {
    const wrong = await stackOf('wrong', TOPOLOGY, { password: 'not-the-password' });
    await expect(planTopology(context, wrong)).rejects.toMatchObject({
      code: 'BROKER_API_REFUSED',
      message: expect.not.stringContaining('not-the-password'),
    });
    const away = await stackOf('away', TOPOLOGY, { managementUrl: 'http://127.0.0.1:1' });
    await expect(planTopology(context, away)).rejects.toMatchObject({
      code: 'BROKER_API_UNREACHABLE',
      hint: expect.stringContaining('qbtc up'),
    });
  });
}
