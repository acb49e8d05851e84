import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqp from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.ts';
import { liveDefinitions } from '../../src/import/live-definitions.ts';
import { planTopologyImport } from '../../src/import/topology.ts';
import type { Stack } from '../../src/model/stack.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import {
  applyTopology as apply,
  type MigrationSurroundings,
  migrateQueue,
  planTopology,
} from '../../src/topology/index.ts';
import { stackWith } from '../gateway/stacks.ts';
import { reachContext } from '../support/context.ts';
import { everyProperty } from '../support/every-property.ts';

/** A broker with a management API, whoever it is, which holds the vhost or lets the account create it. */
export interface BrokerUnderTest {
  managementUrl: string;
  amqpPort: number;
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

/** A plan is plain data: it may be written down, and carried out later by another process. */
const applyTopology: typeof apply = (context, stack, plan, options) =>
  apply(context, stack, JSON.parse(JSON.stringify(plan)), options);

/** What must hold with every broker: run against the embedded one and a real RabbitMQ. */
export function topologySuite(
  brokerWith: (vhost: string) => Promise<BrokerUnderTest>,
  /** How far apart the steps are at which a migration is ended: a slow broker is not asked about every one. */
  { stride = 1 }: { stride?: number } = {},
): void {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qbtc-topology-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const context = { ...reachContext(), amqp: connectAmqp };
  const stackOf = async (
    vhost: string,
    topology: string,
    account: Partial<BrokerUnderTest> = {},
  ): Promise<Stack> => {
    const { managementUrl, amqpPort, user, password } = { ...(await brokerWith(vhost)), ...account };
    const topologyFile = join(folder, `${vhost}.yaml`);
    await writeFile(topologyFile, topology);
    const url = `amqp://${user}:${password}@127.0.0.1:${amqpPort}/${vhost}`;
    const endpoint = { url, host: '127.0.0.1', port: amqpPort, managementUrl, user, password, vhost };
    const root = join(folder, vhost);
    await mkdir(root, { recursive: true });
    return {
      ...stackWith({}),
      root,
      topologyFiles: [topologyFile],
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

  it('is imported from the live broker: nothing where it is declared, all of it where nothing is', async () => {
    const stack = await stackOf('live', TOPOLOGY);
    await applyTopology(context, stack, await planTopology(context, stack));
    const source = await liveDefinitions(context, stack);
    const same = await planTopologyImport(stack, source, {});
    expect([same.changes, same.losses]).toEqual([[], []]);
    await writeFile(join(stack.root, 'qbtc.yaml'), 'version: 1\nname: acme\n');
    const empty = { ...stack, file: join(stack.root, 'qbtc.yaml'), topologyFiles: [] };
    const all = await planTopologyImport(empty, source, {});
    expect([all.changes.length, all.losses]).toEqual([3 + 3 + 6, []]);
    await all.apply();
    const file = join(stack.root, 'infrastructure', 'rabbitmq', 'topology.yaml');
    const imported = { ...stack, topologyFiles: [file] };
    expect((await planTopology(context, imported)).changes).toEqual([]);
    await expect(liveDefinitions(context, stack, 'nowhere')).rejects.toMatchObject({
      code: 'DEFINITIONS_VHOST',
    });
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

  it('changes through a policy what a policy can change, and takes it back', async () => {
    const before = await stackOf('changed', TOPOLOGY);
    await applyTopology(context, before, await planTopology(context, before));
    const changed = await stackOf('changed', TOPOLOGY.replace('x-message-ttl: 60000', 'x-message-ttl: 1'));
    const planned = await planTopology(context, changed);
    expect(planned.changes).toMatchObject([
      {
        action: 'update',
        kind: 'queue',
        name: 'q_classic',
        reason: 'through a policy',
        fields: [{ path: 'arguments.x-message-ttl', from: 60000, to: 1 }],
      },
    ]);
    const [outcome] = await applyTopology(context, changed, planned);
    expect(outcome).toMatchObject({ status: 'done' });
    expect((await planTopology(context, changed)).changes).toEqual([]);
    const unchanged = await stackOf('changed', TOPOLOGY);
    const back = await planTopology(context, unchanged);
    expect(back.changes).toMatchObject([{ action: 'delete', kind: 'policy', name: 'qbtc.queue.q_classic' }]);
    await applyTopology(context, unchanged, back);
    expect((await planTopology(context, unchanged)).changes).toEqual([]);
  });

  it('reports what needs a migration with what it costs, and leaves the queue as it is', async () => {
    const before = await stackOf('migration', TOPOLOGY);
    await applyTopology(context, before, await planTopology(context, before));
    const changed = await stackOf(
      'migration',
      TOPOLOGY.replace('x-queue-type: classic', 'x-queue-type: quorum'),
    );
    const planned = await planTopology(context, changed);
    expect(planned.changes).toMatchObject([
      {
        name: 'q_classic',
        reason: 'needs migration',
        cost: '0 messages to move twice, 0 consumers to pause meanwhile',
        fields: [{ path: 'arguments.x-queue-type', from: 'classic', to: 'quorum' }],
      },
    ]);
    const [outcome] = await applyTopology(context, changed, planned);
    expect(outcome).toMatchObject({ status: 'failed' });
    expect(outcome?.reason).toContain('`qbtc topology migrate q_classic`');
    expect((await planTopology(context, before)).changes).toMatchObject([{ name: 'q_classic' }]);
    const unchanged = await stackOf('migration', TOPOLOGY);
    expect((await planTopology(context, unchanged)).changes).toEqual([]);
  });

  it('holds policies, limits and waiting queues; the second plan is empty', async () => {
    const stack = await stackOf(
      'whole',
      `queues:
  - { name: q, arguments: { x-queue-type: quorum }, retry: { delays: [100, 5000] } }
policies:
  - { name: bounds, pattern: "^q", definition: { max-length: 1000 } }
limits: { max-queues: 50 }
`,
    );
    const planned = await planTopology(context, stack);
    expect(
      planned.changes.filter(({ kind }) => kind !== 'vhost').map(({ kind, name }) => `${kind} ${name}`),
    ).toEqual([
      'limit max-queues',
      'exchange qbtc.retry',
      'queue q',
      'queue q.retry.100',
      'queue q.retry.5000',
      'policy bounds',
      'binding qbtc.retry → q.retry.100 (q.retry.100)',
      'binding qbtc.retry → q.retry.5000 (q.retry.5000)',
    ]);
    const outcomes = await applyTopology(context, stack, planned);
    expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([]);
    expect((await planTopology(context, stack)).changes).toEqual([]);
    // What waits comes back when its time is up.
    const endpoint = stack.resources[0]?.endpoint;
    const connection = await connectAmqp(endpoint?.url ?? '', { timeoutMs: 5000, name: 'test' });
    await connection.publish({ exchange: 'qbtc.retry', routingKey: 'q.retry.100' }, Buffer.from('x'));
    await expect.poll(async () => (await connection.inspectQueue('q'))?.messages).toBe(1);
    await connection.close();
  });

  it('takes away what it has made and is no longer declared, but no queue that is used, unless by name', async () => {
    const stack = await stackOf('prune', TOPOLOGY);
    await applyTopology(context, stack, await planTopology(context, stack));
    await api('prune', 'PUT', 'queues/theirs', { durable: true, auto_delete: false, arguments: {} });
    const smaller = await stackOf(
      'prune',
      'exchanges: [{ name: in, type: topic }]\nqueues: [{ name: q_quorum, arguments: { x-queue-type: quorum, x-delivery-limit: 5, x-dead-letter-exchange: in } }]\nbindings: [{ source: in, destination: q_quorum, routing_key: a.b }]\n',
    );
    const endpoint = smaller.resources[0]?.endpoint;
    const connection = await connectAmqp(endpoint?.url ?? '', { timeoutMs: 5000, name: 'test' });
    await connection.publish({ exchange: '', routingKey: 'q_classic' }, Buffer.from('x'));
    const kept = await planTopology(context, smaller);
    expect(kept.changes).toEqual([]);
    expect(kept.leftovers.length).toBeGreaterThan(3);
    const outcomes = await applyTopology(
      context,
      smaller,
      await planTopology(context, smaller, { prune: true }),
    );
    expect(outcomes.map(({ change, status }) => `${change.kind} ${change.name}: ${status}`)).toEqual([
      'binding in → q_quorum (a.*): done',
      'queue q with / and ü: done',
      'queue q_classic: failed',
      'exchange by-header: done',
      'exchange spread: done',
    ]);
    expect(outcomes[2]?.reason).toMatch(/not empty/);
    expect((await connection.inspectQueue('q_classic'))?.messages).toBe(1);
    const dropped = await applyTopology(
      context,
      smaller,
      await planTopology(context, smaller, { prune: true, drop: ['q_classic'] }),
    );
    expect(dropped.map(({ status }) => status)).toEqual(['done']);
    expect(await connection.inspectQueue('q_classic')).toBeUndefined();
    expect(await connection.inspectQueue('theirs')).toBeDefined();
    await connection.close();
  });

  it('gives each service an account with rights on its own events only', async () => {
    const base = await stackOf('accounts', TOPOLOGY);
    const account = { user: 'accounts.api', password: 'pass-word-of-api' };
    const events = { resource: 'broker', publishes: ['a.b'], consumes: ['x.y'], subscribes: [] };
    const stackAs = (own: typeof account): Stack => ({
      ...base,
      services: stackWith({ services: [{ name: 'api', events: { ...events, account: own } }] }).services,
    });
    const stack = stackAs(account);
    await applyTopology(context, base, await planTopology(context, base));
    const outcomes = await applyTopology(context, stack, await planTopology(context, stack));
    expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([]);
    expect((await planTopology(context, stack)).changes).toEqual([]);
    const url = new URL(stack.resources[0]?.endpoint.url ?? '');
    url.username = account.user;
    url.password = account.password;
    const connection = await connectAmqp(url.href, { timeoutMs: 5000, name: 'test' });
    await connection.publish({ exchange: 'qbtc.topic', routingKey: 'x.y' }, Buffer.from('x'));
    expect((await connection.hold('q_x_y', 1)).messages).toHaveLength(1);
    await expect(
      connection.publish({ exchange: 'in', routingKey: 'a.b' }, Buffer.from('x')),
    ).rejects.toThrow();
    const admin = await connectAmqp(stack.resources[0]?.endpoint.url ?? '', {
      timeoutMs: 5000,
      name: 'test',
    });
    await admin.publish({ exchange: 'in', routingKey: 'a.b' }, Buffer.from('x'));
    await admin.close();
    await expect(connection.hold('q_quorum', 1)).rejects.toThrow(/ACCESS_REFUSED|closed the channel/);
    await connection.close();
    const rotated = stackAs({ ...account, password: 'another' });
    const renewal = await planTopology(context, rotated);
    expect(renewal.changes).toMatchObject([
      { action: 'update', kind: 'user', fields: [{ path: 'password' }] },
    ]);
  });

  it('checks a broker without a management API as far as AMQP tells, and names the rest', async () => {
    const whole = await stackOf('bare', TOPOLOGY);
    await applyTopology(context, whole, await planTopology(context, whole));
    await api('bare', 'DELETE', 'queues/q_quorum');
    const stack: Stack = {
      ...whole,
      resources: whole.resources.map((resource) => ({
        ...resource,
        endpoint: { ...resource.endpoint, managementUrl: undefined },
      })) as Stack['resources'],
    };
    const planned = await planTopology(context, stack);
    expect(planned.changes.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'queue q_quorum',
      'binding in → q_quorum (a.b)',
      'binding in → q_quorum (a.*)',
    ]);
    expect(planned.notMeasured).toEqual([
      'types and arguments of exchanges that are there (3)',
      'types and arguments of queues that are there (2)',
      'bindings between them (4)',
    ]);
    const outcomes = await applyTopology(context, stack, planned);
    expect(outcomes.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    expect((await planTopology(context, stack)).changes).toEqual([]);
    expect((await planTopology(context, whole)).changes).toEqual([]);
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

  describe('a migration', () => {
    const CLASSIC = `exchanges: [{ name: in, type: topic }]
queues: [{ name: q, arguments: { x-queue-type: classic } }]
bindings: [{ source: in, destination: q, routing_key: "k.#" }]
`;
    const QUORUM = CLASSIC.replace('classic', 'quorum');
    const calm: MigrationSurroundings = {
      running: async () => [],
      pause: async () => {},
      resume: async () => {},
      exclusively: (work) => work(),
    };
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
    const connect = (stack: Stack) =>
      connectAmqp(stack.resources[0]?.endpoint.url ?? '', { timeoutMs: 5000, name: 'test' });
    /** A vhost with a classic queue that holds numbered messages; gives the stack that declares a quorum queue. */
    const filled = async (vhost: string, count: number) => {
      const before = await stackOf(vhost, CLASSIC);
      await applyTopology(context, before, await planTopology(context, before));
      const connection = await connect(before);
      await connection.publishAll(
        'in',
        numbers(count).map((n) => ({
          exchange: 'in',
          routingKey: `k.${n}`,
          content: Buffer.from(String(n)),
          properties: propertiesOf(n),
        })),
      );
      await connection.close();
      return stackOf(vhost, QUORUM);
    };
    /** Every type that a header may have, and a copy that is asked for: it must lead nowhere while the messages move. */
    const propertiesOf = (n: number) =>
      everyProperty(n % 2 === 0 ? { expiration: '3600000', delivery_mode: 2 } : { priority: 3 }, {
        CC: { type: 'array', value: [{ type: 'longstr', value: 'q' }] },
      });
    /** What is in the queue, in order; it stays there. */
    const contentOf = async (stack: Stack) => {
      const connection = await connect(stack);
      const held = await connection.hold('q', 10_000);
      const messages = held.messages.map(({ content, routingKey, properties }) => ({
        n: Number(content.toString()),
        routingKey,
        // To the byte: `x-delivery-count` is the note of a quorum queue.
        properties: properties.withHeaders({}, (name) => name === 'x-delivery-count').bytes.toString('hex'),
      }));
      await held.release();
      await connection.close();
      return messages;
    };
    const asPublished = (n: number) => ({
      n,
      routingKey: `k.${n}`,
      properties: propertiesOf(n).bytes.toString('hex'),
    });

    it('keeps every message, in order, as it was; then the plan is empty', async () => {
      const stack = await filled('moved', 600);
      const report = await migrateQueue(context, stack, 'q', calm);
      expect(report).toMatchObject({ migrated: true, messages: 600, paused: [] });
      expect(report.outcomes.map(({ change, status }) => `${change.kind} ${status}`)).toEqual([
        'queue done',
        'binding done',
      ]);
      expect(await planTopology(context, stack)).toMatchObject({
        changes: [],
        unmanaged: { exchanges: [], queues: [] },
      });
      expect(await contentOf(stack)).toEqual(numbers(600).map(asPublished));
      expect(await migrateQueue(context, stack, 'q', calm)).toMatchObject({ migrated: false });
    });

    it('goes on after an end at any step, and still loses and doubles nothing', async () => {
      for (let step = 1; ; step += stride) {
        const vhost = `ended-${step}`;
        const stack = await filled(vhost, 20);
        const ending = endsAt(context, step);
        const ended = await migrateQueue(ending.context, stack, 'q', calm).then(
          () => false,
          (error: Error) => error.message === 'ended here',
        );
        if (!ended) {
          expect(step).toBeGreaterThan(15);
          break;
        }
        expect(await migrateQueue(context, stack, 'q', calm)).toMatchObject({
          migrated: true,
          messages: 20,
        });
        expect((await contentOf(stack)).map(({ n }) => n)).toEqual(numbers(20));
        expect((await planTopology(context, stack)).changes).toEqual([]);
      }
    }, 60_000);

    it('starts what it had paused also after an end just before that', async () => {
      const stack = await filled('paused', 3);
      const resumed: string[][] = [];
      const surroundings: MigrationSurroundings = {
        ...calm,
        running: async () => ['api'],
        resume: async (services) => {
          resumed.push([...services]);
          if (resumed.length === 1) throw new Error('ended here');
        },
      };
      await expect(migrateQueue(context, stack, 'q', surroundings)).rejects.toThrow('ended here');
      expect(
        await migrateQueue(context, stack, 'q', { ...surroundings, running: async () => [] }),
      ).toMatchObject({ migrated: true, messages: 3, paused: ['api'] });
      expect(resumed).toEqual([['api'], ['api']]);
      expect(await migrateQueue(context, stack, 'q', surroundings)).toMatchObject({ migrated: false });
    });

    it('stops when somebody else consumes, and says who', async () => {
      const stack = await filled('consumed', 3);
      const connection = await amqp.connect(stack.resources[0]?.endpoint.url ?? '');
      const channel = await connection.createChannel();
      await channel.consume('q', () => {});
      await expect(migrateQueue(context, stack, 'q', calm)).rejects.toMatchObject({
        code: 'QUEUE_IN_USE',
        message: expect.stringContaining('q is consumed by'),
      });
      await connection.close();
      expect(await migrateQueue(context, stack, 'q', calm)).toMatchObject({ migrated: true, messages: 3 });
    });

    it('names the nearest queue for one that is not declared', async () => {
      const stack = await stackOf(
        'unknown',
        CLASSIC.replace('name: q,', 'name: q_requests,').replace('destination: q', 'destination: q_requests'),
      );
      await expect(migrateQueue(context, stack, 'q_request', calm)).rejects.toMatchObject({
        code: 'QUEUE_NOT_DECLARED',
        hint: 'did you mean q_requests?',
      });
    });
  });
}

/** A context whose broker connection ends with an error: at the n-th call, before it or after it has had its effect. */
function endsAt<C extends Pick<Context, 'amqp'>>(context: C, call: number): { context: C } {
  let calls = 0;
  const ending = <A extends unknown[], R>(method: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      calls += 1;
      if (calls === call) throw new Error('ended here');
      const result = await method(...args);
      calls += 1;
      if (calls === call) throw new Error('ended here');
      return result;
    };
  };
  const amqpEnding: Context['amqp'] = async (url, options) => {
    const connection = await context.amqp(url, options);
    return {
      ...connection,
      declareExchange: ending(connection.declareExchange),
      declareQueue: ending(connection.declareQueue),
      bind: ending(connection.bind),
      publishAll: ending(connection.publishAll),
      hold: ending(async (queue: string, count: number) => {
        const held = await connection.hold(queue, count);
        return { ...held, acknowledge: ending(held.acknowledge) };
      }),
    };
  };
  return { context: { ...context, amqp: amqpEnding } };
}
