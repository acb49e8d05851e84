import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planTopologyImport } from '../../src/import/topology.ts';
import type { Resource } from '../../src/model/resource.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Topology } from '../../src/model/topology.ts';
import { exportTopology, readTopology } from '../../src/topology/index.ts';
import { temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';
import { anything } from './anything.ts';

const FILE = 'infrastructure/rabbitmq/topology.yaml';
const broker: Resource = {
  name: 'broker',
  kind: 'rabbitmq',
  ports: { main: 5672 },
  endpoint: { url: '', host: '127.0.0.1', port: 5672, user: 'acme', password: 'pass-word', vhost: 'acme' },
};

/** A stack with this topology, or none. */
async function stackWith(topology?: string, changes: Partial<Stack> = {}): Promise<Stack> {
  const root = await temporaryFolder();
  await writeFile(join(root, 'qbtc.yaml'), '# Mine.\nversion: 1\nname: acme # stays\n');
  if (topology !== undefined) {
    await mkdir(dirname(join(root, FILE)), { recursive: true });
    await writeFile(join(root, FILE), topology);
  }
  const topologyFiles = topology === undefined ? [] : [join(root, FILE)];
  return emptyStack(root, { resources: [broker], topologyFiles, ...changes });
}

const importing = (stack: Stack, definitions: unknown, options = {}) =>
  planTopologyImport(
    stack,
    { shown: 'definitions.json', text: JSON.stringify(definitions, undefined, 2) },
    options,
  );

const DEFINITIONS = {
  rabbit_version: '3.13.7',
  users: [{ name: 'guest', password_hash: 'never-read', tags: ['administrator'] }],
  vhosts: [{ name: '/' }, { name: 'other' }, { name: 'empty' }],
  permissions: [
    { user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '.*' },
    { user: 'orders', vhost: '/', configure: '', write: '^out$', read: '^q$' },
  ],
  topic_permissions: [{ user: 'guest', vhost: '/', exchange: 'in', write: '.*', read: '.*' }],
  parameters: [
    {
      vhost: '/',
      component: 'vhost-limits',
      name: 'limits',
      value: { 'max-queues': 10, 'max-connections': -1 },
    },
    { vhost: '/', component: 'shovel', name: 'away', value: {} },
  ],
  global_parameters: [{ name: 'cluster_name', value: 'rabbit@a' }],
  policies: [
    {
      vhost: '/',
      name: 'ha',
      pattern: '^q',
      'apply-to': 'all',
      priority: 1,
      definition: { 'ha-params': 2, 'max-length': 5 },
    },
  ],
  queues: [
    { name: 'q', vhost: '/', durable: true, auto_delete: false, type: 'quorum', arguments: {} },
    {
      name: 'lost',
      vhost: '/',
      durable: true,
      auto_delete: false,
      arguments: { 'x-dead-letter-exchange': 'nowhere' },
    },
    { name: 'amq.gen-1', vhost: '/', durable: false, auto_delete: true, arguments: {} },
    { name: 'elsewhere', vhost: 'other', durable: true, auto_delete: false, arguments: {} },
  ],
  exchanges: [
    {
      name: 'in',
      vhost: '/',
      type: 'topic',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    },
    {
      name: 'late',
      vhost: '/',
      type: 'x-delayed-message',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    },
    {
      name: 'amq.topic',
      vhost: '/',
      type: 'topic',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    },
  ],
  bindings: [
    { source: '', vhost: '/', destination: 'q', destination_type: 'queue', routing_key: 'q', arguments: {} },
    {
      source: 'in',
      vhost: '/',
      destination: 'q',
      destination_type: 'queue',
      routing_key: 'a.#',
      arguments: {},
    },
    {
      source: 'late',
      vhost: '/',
      destination: 'q',
      destination_type: 'queue',
      routing_key: '',
      arguments: {},
    },
    {
      source: 'amq.topic',
      vhost: '/',
      destination: 'q',
      destination_type: 'queue',
      routing_key: 'b',
      arguments: {},
    },
  ],
};

const orders = { name: 'orders' } as Stack['services'][number];

test('definitions become the topology of a stack that has none, and what cannot come is named at its place', async () => {
  const stack = await stackWith(undefined, { services: [orders] });
  const { changes, losses, files, apply } = await importing(stack, DEFINITIONS, { vhost: '/' });
  expect(changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)).toEqual([
    'create exchange in',
    'create queue q',
    'create queue lost',
    'create binding in → q (a.#)',
    'create binding amq.topic → q (b)',
    'create policy ha',
    'create permission orders',
    'create limit max-queues',
  ]);
  expect(losses.map(({ field, reason }) => `${field}: ${reason}`)).toEqual([
    'vhosts[1]: the vhost other (1 objects): a stack has one vhost',
    'permissions[0]: the permission of guest: no service of the stack is called so, and accounts are made for services',
    'topic_permissions[0]: the topic permission of guest: accounts have permissions alone',
    'parameters[1]: the shovel away: a topology has no parameters of plugins',
    'policies[0].definition.ha-params: it is left out: found the setting "ha-params", expected a setting that policies have',
    'queues[1].arguments.x-dead-letter-exchange: it is left out: expected an exchange that is declared here, or "" for the default exchange',
    'queues[2]: the queue amq.gen-1: it lives as long as the connection that made it',
    'exchanges[1].type: the exchange late: expected one of direct, topic, fanout, headers',
    'bindings[2].source: the whole is left out: expected an exchange that is declared here',
  ]);
  expect(losses.every(({ place }) => place.file === 'definitions.json' && place.line > 1)).toBe(true);
  expect(files).toEqual([
    { file: FILE, isNew: true },
    { file: 'qbtc.yaml', isNew: false },
  ]);
  await apply();
  expect(await readFile(join(stack.root, 'qbtc.yaml'), 'utf8')).toBe(
    `# Mine.\nversion: 1\nname: acme # stays\ntopology: ${FILE}\n`,
  );
  const text = await readFile(join(stack.root, FILE), 'utf8');
  expect(text).not.toMatch(/hash|never-read|guest/);
  const again = await importing({ ...stack, topologyFiles: [join(stack.root, FILE)] }, DEFINITIONS, {
    vhost: '/',
  });
  expect([again.changes, again.files]).toEqual([[], []]);
});

test('the file of the stack is added to: comments stay, what is declared otherwise is changed there', async () => {
  const stack = await stackWith(`# Ours.
exchanges:
  - { name: in, type: topic } # of all
queues:
  - name: q # the first
    arguments: { x-queue-type: classic }
    retry: { delays: [100] }
bindings: []
`);
  const { changes, apply } = await importing(stack, DEFINITIONS, { vhost: '/' });
  expect(changes[0]).toMatchObject({ action: 'update', kind: 'queue', name: 'q' });
  await apply();
  const text = await readFile(join(stack.root, FILE), 'utf8');
  expect(text.startsWith('# Ours.\nexchanges:\n  - { name: in, type: topic } # of all\n')).toBe(true);
  expect(text).toContain('retry: { delays: [100] }');
  const { queues } = await readTopology(stack.topologyFiles);
  expect(queues[0]?.arguments).toEqual({ 'x-queue-type': 'quorum' });
});

test('which vhost is meant must be clear', async () => {
  const stack = await stackWith();
  const both = { ...DEFINITIONS };
  await expect(importing(stack, both)).rejects.toMatchObject({
    code: 'DEFINITIONS_VHOST',
    message: 'definitions.json holds several vhosts: / (11), other (1), empty (0)',
    exit: 64,
  });
  await expect(importing(stack, both, { vhost: 'othr' })).rejects.toMatchObject({
    hint: 'did you mean --vhost other?',
  });
  const { changes } = await importing(stack, both, { vhost: 'other' });
  expect(changes).toEqual([{ action: 'create', kind: 'queue', name: 'elsewhere' }]);
});

test.each([
  [
    '[]',
    'definitions.json:1:1: found a list, expected a mapping with "exchanges", "queues" and "bindings": definitions.json of RabbitMQ',
  ],
  ['{ "queues": [ }', /^definitions\.json:1:\d+: found no valid YAML/],
  ['', /found an empty file/],
])('%j is told at its place', async (text, told) => {
  const stack = await stackWith();
  const failed = planTopologyImport(stack, { shown: 'definitions.json', text }, {});
  await expect(failed).rejects.toMatchObject({
    code: 'IMPORT_UNREADABLE',
    details: expect.arrayContaining([typeof told === 'string' ? told : expect.stringMatching(told)]),
  });
});

test('lists of anything lose what is no item, and end nothing', async () => {
  const stack = await stackWith();
  await fc.assert(
    fc.asyncProperty(fc.array(anything), anything, async (items, other) => {
      const lists = { queues: items, exchanges: items, bindings: items, policies: items, permissions: items };
      const { losses } = await importing(stack, { ...lists, parameters: items, other, vhosts: [] });
      expect(losses.map(({ field }) => field)).toContain('other');
    }),
  );
});

const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,8}$/).filter((text) => !text.startsWith('amq.'));
const flag = fc.boolean();

/** What a topology file can say, with all of it spelled out. */
const topology: fc.Arbitrary<Topology> = fc
  .record({
    exchanges: fc.uniqueArray(
      fc.record({
        name,
        type: fc.constantFrom('direct' as const, 'topic' as const, 'fanout' as const, 'headers' as const),
        durable: flag,
        auto_delete: flag,
        internal: flag,
        arguments: fc.constant({}),
      }),
      { selector: (item) => item.name, minLength: 1, maxLength: 4 },
    ),
    queues: fc.uniqueArray(
      fc.record({
        name,
        durable: fc.constant(true),
        auto_delete: fc.constant(false),
        arguments: fc.record(
          {
            'x-queue-type': fc.constantFrom('classic', 'quorum'),
            'x-message-ttl': fc.nat(10_000),
            'x-max-length': fc.nat(10_000),
          },
          { requiredKeys: [] },
        ),
      }),
      { selector: (item) => item.name, minLength: 1, maxLength: 4 },
    ),
    keys: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string({ maxLength: 8 }), flag), { maxLength: 6 }),
    policies: fc.uniqueArray(
      fc.record({
        name,
        pattern: fc.constantFrom('^q', '.*', 'a|b'),
        'apply-to': fc.constantFrom('queues' as const, 'exchanges' as const, 'all' as const),
        priority: fc.nat(9),
        definition: fc.record({ 'max-length': fc.nat(99) }),
      }),
      { selector: (item) => item.name, maxLength: 2 },
    ),
    limits: fc.record({ 'max-queues': fc.nat(), 'max-connections': fc.nat() }, { requiredKeys: [] }),
  })
  .map(({ keys, ...rest }) => {
    const bindings = keys.map(([from, to, routing_key, toQueue]) => ({
      source: rest.exchanges[from % rest.exchanges.length]?.name ?? '',
      destination:
        (toQueue ? rest.queues[to % rest.queues.length] : rest.exchanges[to % rest.exchanges.length])?.name ??
        '',
      destination_type: toQueue ? ('queue' as const) : ('exchange' as const),
      routing_key,
      arguments: {},
    }));
    const distinct = new Map(bindings.map((each) => [JSON.stringify(each), each]));
    return { ...rest, bindings: [...distinct.values()], permissions: [] };
  });

test('what is exported comes back as it was: into the same stack nothing, into an empty one all of it', async () => {
  await fc.assert(
    fc.asyncProperty(topology, async (declared) => {
      const stack = await stackWith(JSON.stringify(declared));
      const text = await exportTopology(stack, 'definitions');
      const same = await planTopologyImport(stack, { shown: 'd.json', text }, {});
      expect([same.changes, same.losses]).toEqual([[], []]);

      const empty = await stackWith();
      const all = await planTopologyImport(empty, { shown: 'd.json', text }, {});
      expect(all.losses).toEqual([]);
      await all.apply();
      const file = join(empty.root, FILE);
      expect(await readTopology([file])).toEqual(declared);
    }),
    { numRuns: 20 },
  );
});
