import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseStackDocument } from '../../src/config/document.ts';
import { declaredPorts, findStackFile, loadStack, openStack, secretNames } from '../../src/config/load.ts';
import { INLINE_FILE, makeSample, type Sample, SECRETS, small, TEMPLATE_FILE, VERSION } from './sample.ts';

let sample: Sample;
beforeAll(async () => {
  sample = await makeSample();
});
afterAll(() => sample.remove());

const template = () => readFile(INLINE_FILE, 'utf8');

/** The template with one piece of text put in place of another, which must be there. */
async function changed(from: string, to: string): Promise<string> {
  const text = await template();
  expect(text).toContain(from);
  return text.replace(from, to);
}

describe("the template's own file", () => {
  test('loads where it stands', async () => {
    const stack = await loadStack({ file: TEMPLATE_FILE, env: {}, secrets: SECRETS, qbtcVersion: VERSION });
    expect(stack.services.map(({ name }) => name)).toContain('quantum-core');
    // Its services stand in files of their own, and say what they said when they stood in qbtc.yaml.
    const inline = await sample.load();
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    const relativeTo = (root: string, value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(root, ''));
    const names = stack.services.map(({ name }) => name);
    expect(relativeTo(stack.root, stack.services.toSorted(byName))).toEqual(
      relativeTo(sample.root, inline.services.filter(({ name }) => names.includes(name)).toSorted(byName)),
    );
  });

  test('becomes a stack with defaults, references and absolute paths', async () => {
    await sample.write(await changed('base: 0', 'base: 1000'));
    const stack = await sample.load({ LLM_DEADLINE_MS: '5000' });
    expect(stack).toMatchObject({
      name: 'stack',
      root: sample.root,
      file: sample.file,
      portBase: 1000,
      topologyFiles: [join(sample.root, 'infrastructure/rabbitmq/topology.yaml')],
      flowFiles: [join(sample.root, 'flows/a.yaml'), join(sample.root, 'flows/b.yaml')],
      score: { target: 85, weights: { infrastructure: 30, monitoring: 10 } },
      heal: { below: 70 },
      tracing: { service: 'platform-api' },
      secrets: SECRETS,
    });
    expect(stack.resources).toEqual([
      {
        name: 'broker',
        kind: 'rabbitmq',
        ports: { main: 6672, management: 16672 },
        secret: 'broker-password',
        endpoint: {
          url: 'amqp://stack:broker%2Fpass@127.0.0.1:6672/stack',
          host: '127.0.0.1',
          port: 6672,
          user: 'stack',
          password: 'broker/pass',
          vhost: 'stack',
          managementUrl: 'http://127.0.0.1:16672',
        },
      },
      {
        name: 'cache',
        kind: 'redis',
        ports: { main: 7379 },
        secret: 'cache-password',
        endpoint: {
          url: 'redis://:cache%20pass@127.0.0.1:7379/0',
          host: '127.0.0.1',
          port: 7379,
          password: 'cache pass',
        },
        maxMemoryBytes: 64 * 1024 ** 2,
        eviction: 'volatile-lru',
      },
      {
        name: 'database',
        kind: 'postgres',
        ports: { main: 6432 },
        migrations: [join(sample.root, 'infrastructure/supabase/migrations')],
        secret: 'database-password',
        endpoint: {
          url: 'postgresql://stack:data%40base@127.0.0.1:6432/stack',
          host: '127.0.0.1',
          port: 6432,
          user: 'stack',
          password: 'data@base',
          database: 'stack',
        },
      },
      {
        name: 'gateway',
        kind: 'apisix',
        ports: { main: 10_080, admin: 10_180, tls: 10_443 },
        secret: 'gateway-admin-key',
        endpoint: {
          url: 'http://127.0.0.1:10080',
          host: '127.0.0.1',
          port: 10080,
          managementUrl: 'http://127.0.0.1:10180',
          adminKey: 'qbtc_admin',
        },
      },
    ]);
    const [llmApi, core] = stack.services;
    expect(llmApi).toMatchObject({
      name: 'llm-api',
      path: join(sample.root, 'services/llm-api'),
      entry: 'src/main.ts',
      port: 9000,
      replicas: 1,
      ports: {},
      health: { kind: 'http', path: '/health' },
      metrics: '/metrics',
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 15_000,
      dependsOn: ['broker', 'cache', 'quantum-core'],
      env: { AMQP_URL: 'amqp://stack.llm-api:account-of-api@127.0.0.1:6672/stack', LLM_DEADLINE_MS: '5000' },
    });
    expect(core?.env).toMatchObject({ ENGINE_URL: '' });
    const trading = stack.services.find(({ name }) => name === 'trading-hft');
    expect(trading?.env.EXCHANGE_URL).toBe('http://127.0.0.1:9600');
    expect(trading?.containerEnv.EXCHANGE_URL).toBe('http://exchange-simulator:9600');
    expect(stack.commands).toMatchObject([
      {
        name: 'trade',
        service: 'trading-hft',
        entry: 'src/cli/main.ts',
        subcommands: { kill: expect.any(String) },
      },
    ]);
    // The alias *llm-plugins stands for the same plugins as its anchor.
    expect(llmApi?.routes[1]?.plugins).toEqual(llmApi?.routes[0]?.plugins);
    expect(llmApi?.routes[0]).not.toHaveProperty('uris');
    expect(stack.gateway.consumers[0]?.credentials?.[0]?.plugins).toEqual({
      'key-auth': { key: 'Bearer qbtc_app' },
    });
  });

  test('leaves out what stands in for something that is there, and nobody waits for it', async () => {
    await sample.write(await template());
    const stack = await sample.load({ EXCHANGE: 'binance' });
    expect(stack.services.map(({ name }) => name)).not.toContain('exchange-simulator');
    const trading = stack.services.find(({ name }) => name === 'trading-hft');
    expect(trading?.dependsOn).toEqual(['broker', 'cache', 'database', 'quantum-core']);
    expect(trading?.env.EXCHANGE_URL).toBe('');
  });

  test('names its ports and secrets without being loaded', async () => {
    const text = await template();
    expect(declaredPorts(parseStackDocument(text))).toEqual([
      5672, 15672, 6379, 5432, 9080, 9180, 9443, 8000, 8001, 3001, 8600, 8400, 9079, 9078,
    ]);
    expect(declaredPorts(parseStackDocument(text.replace('base: 0', 'base: 3000')))).toEqual(
      declaredPorts(parseStackDocument(text)),
    );
    expect(secretNames(parseStackDocument(text))).toEqual(Object.keys(SECRETS));
  });
});

test('every provider and strategy can be asked for, also by a variable', async () => {
  for (const provider of ['docker', 'native', 'embedded']) {
    await sample.write(
      small('strategy: ${STRATEGY:-full_docker}\n').replace(
        'rabbitmq }',
        `rabbitmq, provider: ${provider} }`,
      ),
    );
    expect(await sample.load()).toMatchObject({
      strategy: 'full_docker',
      resources: [{ name: 'broker', provider }],
    });
  }
});

test('a service has its environment twice: for this machine, and for the network of the compose file', async () => {
  await sample.write(
    small(
      '    env: { AMQP_URL: "${resources.broker.url}", HOST: "${resources.broker.host}", MODE: plain }\nports: { base: 1000 }\n',
    ),
  );
  const { services, resources, composeFile } = await sample.load();
  const password = encodeURIComponent(resources[0]?.endpoint.password ?? '');
  expect(services[0]).toMatchObject({
    env: { AMQP_URL: `amqp://small:${password}@127.0.0.1:6672/small`, HOST: '127.0.0.1', MODE: 'plain' },
    containerEnv: { AMQP_URL: `amqp://small:${password}@broker:5672/small`, HOST: 'broker', MODE: 'plain' },
  });
  expect(composeFile).toMatch(/infrastructure.docker-compose\.yml$/);
});

describe('mistakes', () => {
  const cases: [name: string, text: string, mistakes: string[]][] = [
    [
      'letters that changed places',
      small('    prot: 8001\n'),
      [
        'qbtc.yaml:10:5 services.llm-api.prot: found the unknown key "prot", expected one of path, url, entry, command, migrate, port, ports, replicas, health, metrics, stop_signal, stop_timeout, database, events, depends_on, env_file, env, routes or stands_in_for; did you mean "port"?',
      ],
    ],
    [
      'an unknown key, with the nearest',
      small('    dependson: []\n'),
      [
        'qbtc.yaml:10:5 services.llm-api.dependson: found the unknown key "dependson", expected one of path, url, entry, command, migrate, port, ports, replicas, health, metrics, stop_signal, stop_timeout, database, events, depends_on, env_file, env, routes or stands_in_for; did you mean "depends_on"?',
      ],
    ],
    [
      'an unknown key of a resource of a kind',
      small('').replace('{ kind: rabbitmq }', '{ kind: rabbitmq, managment_port: 1 }'),
      [
        'qbtc.yaml:4:29 infrastructure.broker.managment_port: found the unknown key "managment_port", expected one of kind, provider, url, port, user, password, vhost, management_port or management_url; did you mean "management_port"?',
      ],
    ],
    [
      'a wrong type',
      small('    replicas: many\n'),
      ['qbtc.yaml:10:15 services.llm-api.replicas: found "many", expected a whole number from 1 to 64'],
    ],
    [
      'text where a list belongs',
      small('    depends_on: broker\n'),
      ['qbtc.yaml:10:17 services.llm-api.depends_on: found "broker", expected a list'],
    ],
    [
      'an unknown kind',
      small('').replace('rabbitmq', 'rabitmq'),
      [
        'qbtc.yaml:4:19 infrastructure.broker.kind: found "rabitmq", expected one of rabbitmq, redis, postgres, apisix, process or container; did you mean "rabbitmq"?',
      ],
    ],
    [
      'an unknown provider',
      small('').replace('rabbitmq }', 'rabbitmq, provider: embeded }'),
      [
        'qbtc.yaml:4:39 infrastructure.broker.provider: found "embeded", expected one of embedded, external, docker or native; did you mean "embedded"?',
      ],
    ],
    [
      'an unknown strategy',
      small('strategy: fall-bak\n'),
      [
        'qbtc.yaml:10:11 strategy: found "fall-bak", expected one of full_docker, hybrid or fallback; did you mean "fallback"?',
      ],
    ],
    [
      'a strategy against a provider',
      small('strategy: fallback\n').replace(
        'rabbitmq }',
        'rabbitmq, provider: external, url: "amqp://me:pw@mq/" }',
      ),
      [
        'qbtc.yaml:4:39 infrastructure.broker.provider: found external, although "strategy: fallback" adopts nothing, expected native or embedded, or "strategy: hybrid"',
      ],
    ],
    [
      'a service and a resource with the names of instances',
      small(
        '    replicas: 2\n  llm-api-1: { path: services/llm-api, entry: src/main.ts, port: 1 }\n  llm-api-3: { path: services/llm-api, entry: src/main.ts, port: 2 }\n',
      ).replace(
        '{ kind: rabbitmq }',
        '{ kind: rabbitmq }\n  llm-api-2: { kind: redis, provider: external, url: "redis://h" }',
      ),
      [
        'qbtc.yaml:5:3 infrastructure.llm-api-2: found the name of an instance of llm-api, which has 2 replicas, expected a name of its own',
        'qbtc.yaml:12:3 services.llm-api-1: found the name of an instance of llm-api, which has 2 replicas, expected a name of its own',
      ],
    ],
    [
      'names that qbtc keeps for itself',
      small('  supervisor: { path: services/llm-api, entry: src/main.ts, port: 1 }\n').replace(
        'broker: { kind: rabbitmq }',
        'state: { kind: redis, provider: external, url: "redis://h" }',
      ),
      [
        'qbtc.yaml:4:3 infrastructure.state: found the name "state", which qbtc keeps for itself, expected another name',
        'qbtc.yaml:10:3 services.supervisor: found the name "supervisor", which qbtc keeps for itself, expected another name',
      ],
    ],
    [
      'a second broker and a second gateway',
      small('').replace(
        '{ kind: rabbitmq }',
        `{ kind: rabbitmq }
  queue: { kind: rabbitmq, provider: external, url: "amqp://me:pw@mq/" }
  a: { kind: apisix, provider: external, url: "http://h" }
  b: { kind: apisix, provider: external, url: "http://h" }
  c: { kind: redis, provider: external, url: "redis://h" }
  d: { kind: redis, provider: external, url: "redis://h" }`,
      ),
      [
        'qbtc.yaml:5:18 infrastructure.queue.kind: found a second rabbitmq, expected one of this kind at most: broker gets the topology of the stack',
        'qbtc.yaml:7:14 infrastructure.b.kind: found a second apisix, expected one of this kind at most: a gets the routes of the stack',
      ],
    ],
    [
      'an unknown dependency',
      small('    depends_on: [brocker]\n'),
      [
        'qbtc.yaml:10:18 services.llm-api.depends_on[0]: found "brocker", expected a resource or a service: broker; did you mean "broker"?',
      ],
    ],
    [
      'a cycle',
      small(
        '    depends_on: [b]\n  b: { path: services/llm-api, entry: src/main.ts, port: 8001, depends_on: [broker, llm-api] }\n',
      ),
      [
        'qbtc.yaml:11:85 services.b.depends_on[1]: found the cycle llm-api → b → llm-api, expected an order in which they can start',
      ],
    ],
    [
      'a service that waits for itself',
      small('    depends_on: [llm-api]\n'),
      [
        'qbtc.yaml:10:18 services.llm-api.depends_on[0]: found the cycle llm-api → llm-api, expected an order in which they can start',
      ],
    ],
    [
      'a port that is taken twice, by a replica too',
      small('    replicas: 3\n  b: { path: services/llm-api, entry: src/main.ts, port: 8002 }\n'),
      [
        'qbtc.yaml:11:58 services.b.port: found port 8002 for service b, expected a port of its own: replica 3 of service llm-api (services.llm-api.port) has this one',
      ],
    ],
    [
      'a default port that is taken',
      small('').replace('port: 8000', 'port: 15672'),
      [
        'qbtc.yaml:9:11 services.llm-api.port: found port 15672 for service llm-api, expected a port of its own: the management port of broker (infrastructure.broker.management_port) has this one',
      ],
    ],
    [
      'a port that is no port',
      small('').replace('port: 8000', 'port: 65536'),
      ['qbtc.yaml:9:11 services.llm-api.port: found 65536, expected a port from 1 to 65535'],
    ],
    [
      'a port that the base lifts too high',
      small('ports: { base: 2000 }\n').replace('port: 8000', 'port: 64000'),
      [
        'qbtc.yaml:9:11 services.llm-api.port: found port 66000 for service llm-api, with ports.base 2000, expected a port of at most 65535',
      ],
    ],
    [
      'a missing folder and a missing entry',
      small('  b: { path: services/llm-ap, entry: src/main.ts, port: 1 }\n').replace('main.ts', 'mian.ts'),
      [
        'qbtc.yaml:8:12 services.llm-api.entry: found "src/mian.ts", which does not exist, expected a file; did you mean "src/main.ts"?',
        'qbtc.yaml:10:14 services.b.path: found "services/llm-ap", which does not exist, expected a folder; did you mean "services/llm-api"?',
      ],
    ],
    [
      'both entry and command',
      small('    command: [node, main.js]\n'),
      ['qbtc.yaml:10:5 services.llm-api.command: found both entry and command, expected one of them'],
    ],
    [
      'neither entry nor command',
      small('').replace('    entry: src/main.ts\n', ''),
      [
        'qbtc.yaml:6:3 services.llm-api: found neither entry nor command, expected one of them, or url for one that runs already',
      ],
    ],
    [
      'a route without a uri, and two of one name',
      small('    routes:\n      - name: a\n      - { name: a, uri: /a, uris: [/b] }\n'),
      [
        'qbtc.yaml:11:9 services.llm-api.routes[0]: found neither uri nor uris, expected one of them',
        'qbtc.yaml:12:17 services.llm-api.routes[1].name: found "a", expected a name of its own: services.llm-api.routes[0].name has this one',
        'qbtc.yaml:12:29 services.llm-api.routes[1].uris: found both uri and uris, expected one of them',
      ],
    ],
    [
      'a resource that is not there',
      small('    env: { A: "x ${resources.brokr.url}" }\n'),
      [
        'qbtc.yaml:10:18 services.llm-api.env.A: found ${resources.brokr.url}, which names no resource, expected one of the resources broker; did you mean "broker"?',
      ],
    ],
    [
      'a field that the resource has not',
      small('    env:\n      A: ${resources.broker.ur}\n'),
      [
        'qbtc.yaml:11:10 services.llm-api.env.A: found ${resources.broker.ur}, a field that there is not, expected a field that broker has: url, host, port, user, password, vhost or management_url; did you mean "url"?',
      ],
    ],
    [
      'a secret that is not declared',
      small('    env: { A: "${secrets.broker-pasword}" }\n'),
      [
        'qbtc.yaml:10:16 services.llm-api.env.A: found ${secrets.broker-pasword}, which "secrets" does not declare, expected one of broker-password; did you mean "broker-password"?',
      ],
    ],
    [
      'a variable that is not set',
      small('    env: { A: "${NOT_SET}" }\n'),
      [
        'qbtc.yaml:10:16 services.llm-api.env.A: found ${NOT_SET}, which is not set in the environment, expected NOT_SET to be set, or ${NOT_SET:-default}',
      ],
    ],
    [
      'a reference between resources',
      small('').replace('rabbitmq }', 'rabbitmq, port: "${resources.broker.port}" }'),
      [
        'qbtc.yaml:4:36 infrastructure.broker.port: found ${resources.broker.port}, expected no reference to a resource here: resources do not depend on each other',
      ],
    ],
    [
      'a reference in a key, where nothing is filled in',
      `version: 1\nname: acme\ngateway:\n  upstreams:\n    - id: u\n      nodes: { "\${{HOST}}:80": 1 }\n`,
      [
        'qbtc.yaml:6:16 gateway.upstreams[0].nodes.${{HOST}}:80: found the key "${{HOST}}:80", expected a key as it is meant: references are filled in in values alone (nodes may be a list of host, port and weight)',
      ],
    ],
    [
      'a reference that is none',
      small('    env: { A: "${secret.api-key}", B: "${OPEN" }\n'),
      [
        'qbtc.yaml:10:16 services.llm-api.env.A: found "${secret.api-key}", expected ${NAME}, ${NAME:-default}, ${secrets.NAME}, ${resources.NAME.FIELD} or ${services.NAME.url}',
        'qbtc.yaml:10:40 services.llm-api.env.B: found "${OPEN", expected a } that closes it (write $${ for a plain ${)',
      ],
    ],
    [
      'weights that do not add up',
      small('score: { weights: { routes: 30 } }\n'),
      ['qbtc.yaml:10:10 score.weights: found weights of 110 in all, expected 100 in all'],
    ],
    [
      'workers of a gateway that is not ours',
      small('').replace(
        '{ kind: rabbitmq }',
        '{ kind: rabbitmq }\n  edge: { kind: apisix, provider: docker, workers: 2 }',
      ),
      [
        'qbtc.yaml:5:9 infrastructure.edge: found no secret "edge-admin-key", expected a value in .qbtc/secrets.json',
        'qbtc.yaml:5:43 infrastructure.edge.workers: found workers of a gateway with `provider: docker`, whose own configuration sets them, expected "provider: embedded", or none, beside it, or no workers',
      ],
    ],
    ...['0', '65', '1.5', 'many'].map((workers): [string, string, string[]] => [
      `${workers} workers`,
      small('').replace(
        '{ kind: rabbitmq }',
        `{ kind: rabbitmq }\n  edge: { kind: apisix, workers: ${workers} }`,
      ),
      [
        'qbtc.yaml:5:9 infrastructure.edge: found no secret "edge-admin-key", expected a value in .qbtc/secrets.json',
        `qbtc.yaml:5:34 infrastructure.edge.workers: found ${workers === 'many' ? '"many"' : workers}, expected auto, or a whole number from 1 to 64`,
      ],
    ]),
    [
      'a bound that is no size, and a policy that there is not',
      small('').replace(
        '{ kind: rabbitmq }',
        '{ kind: rabbitmq }\n  cache: { kind: redis, max_memory: 1.5mb, eviction: volatile-lur }',
      ),
      [
        'qbtc.yaml:5:37 infrastructure.cache.max_memory: found "1.5mb", expected a size such as 64mb, or 0',
        'qbtc.yaml:5:54 infrastructure.cache.eviction: found "volatile-lur", expected one of noeviction, allkeys-lru, volatile-lru or volatile-ttl; did you mean "volatile-lru"?',
      ],
    ],
    [
      'an external resource without an address, and an address without external',
      small('').replace(
        '{ kind: rabbitmq }',
        '{ kind: rabbitmq, provider: external }\n  cache: { kind: redis, url: "redis://:secret@h" }',
      ),
      [
        'qbtc.yaml:4:3 infrastructure.broker.url: found nothing, expected the address of the external server',
        'qbtc.yaml:5:25 infrastructure.cache.url: found an address or a key of an external server, expected "provider: external" beside it, or no url',
      ],
    ],
    [
      'names that clash',
      small(
        '  broker: { path: services/llm-api, entry: src/main.ts, port: 1 }\nsecrets: [broker-password, a, a]\n',
      ),
      [
        'qbtc.yaml:10:3 services.broker: found a service with the name of a resource, expected a name of its own',
        'qbtc.yaml:11:11 secrets[0]: found "broker-password", which a resource has already, expected a name of its own',
        'qbtc.yaml:11:31 secrets[2]: found "a" a second time, expected each name once',
      ],
    ],
    [
      'a name that cannot be one',
      small('').replace('name: small', 'name: My Stack'),
      [
        'qbtc.yaml:2:7 name: found "My Stack", expected lower-case letters, digits and single hyphens, a letter first, at most 40 characters; did you mean "my-stack"?',
      ],
    ],
    [
      'flows that are not there',
      small('flows: [flows/*.yaml, flow/*.yaml]\n'),
      [
        'qbtc.yaml:10:23 flows[1]: found "flow/*.yaml", which matches no file, expected at least one flow file',
      ],
    ],
    [
      'what every stack must have',
      'services: {}\n',
      [
        'qbtc.yaml:1:1 version: found nothing, expected 1, the version of this format',
        'qbtc.yaml:1:1 name: found nothing, expected text (in quotes where it looks like something else)',
      ],
    ],
    [
      'a key written twice',
      small('name: again\n'),
      ['qbtc.yaml:10:1 name: found the key "name" a second time, expected each key once'],
    ],
    [
      'a number whose digits would be lost',
      small('gateway: { consumers: [{ username: a, labels: { id: 9007199254740993 } }] }\n'),
      [
        'qbtc.yaml:10:53 gateway.consumers[0].labels.id: found 9007199254740993, expected a whole number of at most 9007199254740991, or a text in quotes: others lose digits',
      ],
    ],
    ['a tab', small('\tx: 1\n'), ['qbtc.yaml:10:1: found a tab, expected spaces as indentation']],
    [
      'the marks of a merge conflict',
      '<<<<<<< ours\nname: a\n=======\nname: b\n>>>>>>> theirs\n',
      ['1', '3', '5'].map(
        (line, index) =>
          `qbtc.yaml:${line}:1: found the mark of a merge conflict "${['<', '=', '>'][index]?.repeat(7)}", expected the conflict resolved`,
      ),
    ],
    [
      'an empty file',
      '# nothing\n',
      [
        'qbtc.yaml:1:1: found an empty file, expected a mapping that starts with "version: 1" and "name: ..."',
      ],
    ],
    [
      'a list',
      '\n- a\n',
      ['qbtc.yaml:2:1: found a list, expected a mapping that starts with "version: 1" and "name: ..."'],
    ],
    [
      'an alias without an anchor, and one without an end',
      small('flows: *nowhere\ngateway: &g { consumers: [*g] }\n'),
      [
        'qbtc.yaml:10:8 flows: found *nowhere, which no anchor before it names, expected &nowhere earlier',
        'qbtc.yaml:11:27 gateway.consumers[0]: found *g, which contains itself, expected an alias to something else',
      ],
    ],
    [
      'a second document',
      `${small('')}---\na: 1\n`,
      ['qbtc.yaml:10:1: found a second YAML document, expected one'],
    ],
    [
      'a tag',
      small('flows: !glob flows/a.yaml\n'),
      ['qbtc.yaml:10:8: found the tag !glob, expected a value without a tag'],
    ],
  ];

  test.each(cases)('%s', async (_name, text, expected) => {
    expect(await sample.mistakes(text)).toEqual(expected);
  });

  test('are all found at once, in the order of the file', async () => {
    const text = small(`    prot: 1
    replicas: 0
    depends_on: [nobody]
    env: { A: "\${NOT_SET}" }
heal: { below: 101 }
`).replace('src/main.ts', 'src/gone.ts');
    const mistakes = await sample.mistakes(text);
    const lines = mistakes.map((mistake) => Number(mistake.split(':')[1]));
    expect(lines).toEqual([8, 10, 11, 12, 13, 14]);
  });

  test('inside an anchor are reported once', async () => {
    const text = small(`    routes:
      - { name: a, uri: /a, timeout: &t { connect: 1, send: 1, reed: 1, read: 1 } }
      - { name: b, uri: /b, timeout: *t }
`);
    const mistakes = await sample.mistakes(text);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(/^qbtc\.yaml:11:\d+ .*found the unknown key "reed".*did you mean "read"\?$/);
  });

  test('never show credentials', async () => {
    const text = small('    env: { A: ["hunter2"] }\n').replace(
      '{ kind: rabbitmq }',
      '{ kind: rabbitmq, provider: external, url: "mysql://me:hunter2@host/" }',
    );
    const mistakes = await sample.mistakes(text, { SECRET: 'hunter2' });
    expect(mistakes).toHaveLength(2);
    expect(mistakes.join()).not.toContain('hunter2');
    const byVariable = await sample.mistakes(small('').replace('port: 8000', 'port: ${SECRET}'), {
      SECRET: 'hunter2',
    });
    expect(byVariable).toHaveLength(1);
    expect(byVariable.join()).not.toContain('hunter2');
  });
});

describe('values', () => {
  test('a port may come from the environment or its default', async () => {
    await sample.write(small('').replace('port: 8000', 'port: ${PORT:-8010}'));
    expect((await sample.load()).services[0]?.port).toBe(8010);
    expect((await sample.load({ PORT: '8020' })).services[0]?.port).toBe(8020);
  });

  test('a byte order mark and Windows line ends change nothing, positions included', async () => {
    const windows = (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`;
    await sample.write(windows(small('')));
    expect((await sample.load()).services[0]?.port).toBe(8000);
    expect(await sample.mistakes(windows(small('x: 1\n')))).toEqual([
      expect.stringMatching(/^qbtc\.yaml:10:1 x: /),
    ]);
  });

  test('a reference that the secrets depend on is not filled in', async () => {
    const text = small('')
      .replace('kind: rabbitmq', 'kind: "${KIND}"')
      .replace('name: small', 'name: ${NAME}');
    const mistakes = await sample.mistakes(text, { KIND: 'rabbitmq', NAME: 'small' });
    expect(mistakes).toEqual([
      expect.stringMatching(/^qbtc\.yaml:2:7 name: /),
      expect.stringMatching(/^qbtc\.yaml:4:19 infrastructure\.broker\.kind: /),
    ]);
  });

  test('a secret that was not generated is named, not left empty', async () => {
    await sample.write(small(''));
    const options = { file: sample.file, env: {}, secrets: {}, qbtcVersion: VERSION, cwd: sample.root };
    await expect(loadStack(options)).rejects.toMatchObject({
      details: [expect.stringContaining('no secret "broker-password"')],
    });
  });

  test('an empty variable is no value', async () => {
    const text = small('    env: { A: "${EMPTY}", B: "${EMPTY:-}", C: "$${EMPTY}" }\n');
    const mistakes = await sample.mistakes(text, { EMPTY: '' });
    expect(mistakes).toEqual([expect.stringContaining('${EMPTY}, which is empty in the environment')]);
    await sample.write(text);
    expect((await sample.load({ EMPTY: 'x' })).services[0]?.env).toEqual({ A: 'x', B: 'x', C: '${EMPTY}' });
  });

  test('env values are taken as they are written', async () => {
    await sample.write(small('    env: { A: 1.10, B: yes, C: true, D: 0x1F, E: "", F: 010 }\n'));
    const { env } = (await sample.load()).services[0] ?? {};
    expect(env).toEqual({ A: '1.10', B: 'yes', C: 'true', D: '0x1F', E: '', F: '010' });
  });

  test('merge keys work, and the own keys win', async () => {
    await sample.write(
      small(`    env: &env { A: "1", B: "2" }
  b:
    path: services/llm-api
    entry: src/main.ts
    port: 8001
    env: { <<: *env, B: "3" }
`),
    );
    expect((await sample.load()).services[1]?.env).toEqual({ A: '1', B: '3' });
  });

  test('many aliases of one anchor are fine, a bomb of them is a mistake', async () => {
    const routes = Array.from(
      { length: 100 },
      (_, index) => `      - { name: r${index}, uri: /r${index}, plugins: *p }`,
    );
    await sample.write(
      small(`    routes:\n      - { name: a, uri: /a, plugins: &p { cors: {} } }\n${routes.join('\n')}\n`),
    );
    expect((await sample.load()).services[0]?.routes).toHaveLength(101);

    const layers = Array.from({ length: 20 }, (_, index) => {
      const inner =
        index === 0
          ? '"x"'
          : Array(10)
              .fill(`*l${index - 1}`)
              .join(', ');
      return `  l${index}: &l${index} [${inner}]`;
    });
    const mistakes = await sample.mistakes(small(`gateway:\n${layers.join('\n')}\n`));
    expect(mistakes.join()).toContain('aliases that stand for too many values');
  });

  test('an external server is taken with the credentials of its url', async () => {
    await sample.write(
      small('').replace(
        '{ kind: rabbitmq }',
        '{ kind: rabbitmq, provider: external, url: "${BROKER_URL}", management_url: "http://mq:15672/" }',
      ),
    );
    const stack = await sample.load({ BROKER_URL: 'amqps://me:a%2Fb@mq.example/prod' });
    expect(stack.resources[0]).toEqual({
      name: 'broker',
      kind: 'rabbitmq',
      provider: 'external',
      ports: {},
      endpoint: {
        url: 'amqps://me:a%2Fb@mq.example/prod',
        host: 'mq.example',
        port: 5671,
        user: 'me',
        password: 'a/b',
        vhost: 'prod',
        managementUrl: 'http://mq:15672',
      },
    });
  });

  test.each([
    ['auto', {}, 'auto'],
    ['${WORKERS:-1}', { WORKERS: '4' }, 4],
  ])('a gateway has as many workers as are asked for: %s', async (written, env, workers) => {
    const gateway = `edge: { kind: apisix, provider: external, url: "http://h" }`;
    await sample.write(small('').replace('{ kind: rabbitmq }', `{ kind: rabbitmq }\n  ${gateway}`));
    expect((await sample.load(env)).resources[1]?.workers).toBeUndefined();
    await sample.write(
      small('').replace(
        '{ kind: rabbitmq }',
        `{ kind: rabbitmq }\n  edge: { kind: apisix, workers: "${written}" }`,
      ),
    );
    const stack = await loadStack({
      ...{ file: sample.file, env, qbtcVersion: VERSION },
      secrets: { ...SECRETS, 'edge-admin-key': 'a-key' },
    });
    expect(stack.resources[1]?.workers).toBe(workers);
  });

  test.each([
    ['1gb', 1024 ** 3, 'allkeys-lru'],
    ['5000000', 5_000_000, 'noeviction'],
    ['0', 0, 'volatile-ttl'],
    ['"${ROOM}"', 7_000, 'volatile-lru'],
  ])('a cache may hold %s', async (written, maxMemoryBytes, eviction) => {
    const cache = `cache: { kind: redis, max_memory: ${written}, eviction: ${eviction} }`;
    await sample.write(small('').replace('{ kind: rabbitmq }', `{ kind: rabbitmq }\n  ${cache}`));
    const stack = await loadStack({
      ...{ file: sample.file, env: { ROOM: '7k' }, qbtcVersion: VERSION },
      secrets: { ...SECRETS, 'cache-password': 'a-password' },
    });
    expect(stack.resources[1]).toMatchObject({ maxMemoryBytes, eviction });
  });
});

describe('files that nobody means to write', () => {
  test('what stands under __proto__ is not lost in silence', async () => {
    const service = '{ path: services/llm-api, entry: src/main.ts, port: 8001 }';
    expect(await sample.mistakes(small(`  __proto__: ${service}\n`))).toEqual([
      'qbtc.yaml:10:3 services.__proto__: found the name "__proto__", expected another name',
    ]);
  });

  test('names of services and resources have an end', async () => {
    const text = (name: string) =>
      small('')
        .replace('llm-api:', `s${name}:`)
        .replace(
          'broker: { kind: rabbitmq }',
          `r${name}: { kind: redis, provider: external, url: "redis://a" }`,
        );
    expect(await sample.mistakes(text('x'.repeat(39)))).toEqual([]);
    const expected = expect.stringContaining('expected a name of at most 40 characters');
    expect(await sample.mistakes(text('x'.repeat(40)))).toEqual([expected, expected]);
  });

  test('a dependency that is written twice is one', async () => {
    await sample.write(small('    depends_on: [broker, broker]\n'));
    expect((await sample.load()).services[0]?.dependsOn).toEqual(['broker']);
  });

  test('a file of more than 1 MiB is refused unread', async () => {
    expect(await sample.mistakes(small(`# ${'x'.repeat(1024 * 1024)}\n`))).toEqual([
      expect.stringMatching(/^qbtc\.yaml:1:1: found \d+ bytes, expected at most 1 MiB/),
    ]);
  });

  const many = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('');

  test.each([
    ['keys', small(many(5_000, (index) => `key${index}: 1\n`)), 5_000],
    ['dependencies', small(`    depends_on:\n${many(5_000, (index) => `      - x${index}\n`)}`), 5_000],
    [
      'services',
      small(
        many(
          1_000,
          (index) =>
            `  s${index}: { path: services/llm-api, entry: src/main.ts, port: 1, depends_on: [x] }\n`,
        ),
      ),
      1_999,
    ],
  ])(
    'many mistakes (%s) are counted, and the first hundred shown',
    async (_name, text, count) => {
      const mistakes = await sample.mistakes(text);
      expect(mistakes).toHaveLength(101);
      expect(mistakes.at(-1)).toBe(`and ${count - 100} more`);
    },
    30_000,
  );
});

describe('requires', () => {
  test('is checked, and the hint names the version that would do', async () => {
    await sample.write(small('requires: ">=2"\n'));
    await expect(sample.load()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      exit: 1,
      details: ['qbtc.yaml:10:11 requires: found qbtc 0.1.0, expected a version of qbtc that satisfies >=2'],
      hint: 'Install a version of qbtc that satisfies >=2, or change "requires".',
    });
    expect(await sample.mistakes(small('requires: newest\n'))).toEqual([
      'qbtc.yaml:10:11 requires: found "newest", expected a semver range such as ">=0.1.0 <1.0.0"',
    ]);
  });
});

describe('finding and opening', () => {
  test('the nearest file above is found', async () => {
    const deep = join(sample.root, 'services/llm-api/src');
    expect(await findStackFile(deep)).toBe(sample.file);
    expect(await findStackFile(sample.root)).toBe(sample.file);
  });

  test('where there is none, the hint says how to make one', async () => {
    await expect(findStackFile(join(sample.root, '..'))).rejects.toMatchObject({
      code: 'STACK_NOT_FOUND',
      hint: expect.stringContaining('qbtc new NAME'),
    });
  });

  test('opening generates the secrets and reads .env beneath the environment', async () => {
    const other = await makeSample();
    try {
      await writeFile(join(other.root, '.env'), 'LLM_DEADLINE_MS=111\nENGINE_MODEL="two words"\n');
      const options = { file: other.file, env: { LLM_DEADLINE_MS: '222' }, qbtcVersion: VERSION };
      const stack = await openStack(options);
      expect(Object.keys(stack.secrets).sort()).toEqual(Object.keys(SECRETS).sort());
      expect(stack.services[0]?.env.LLM_DEADLINE_MS).toBe('222');
      expect(stack.services[1]?.env.ENGINE_MODEL).toBe('two words');
      expect((await openStack(options)).secrets).toEqual(stack.secrets);
    } finally {
      await other.remove();
    }
  });

  test('a file with mistakes generates no secrets, and one without does', async () => {
    const other = await makeSample();
    const stored = join(other.root, '.qbtc/secrets.json');
    const options = { file: other.file, env: {}, qbtcVersion: VERSION };
    try {
      await other.write(small('secrets: [../api, "API KEY"]\n'));
      await expect(openStack(options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await expect(access(stored)).rejects.toMatchObject({ code: 'ENOENT' });

      await other.write(small('secrets: [api]\n'));
      expect(Object.keys((await openStack(options)).secrets).sort()).toEqual(['api', 'broker-password']);
      const before = await readFile(stored, 'utf8');
      await other.write(small('secrets: [api, more]\nunknown: 1\n'));
      await expect(openStack(options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      expect(await readFile(stored, 'utf8')).toBe(before);
    } finally {
      await other.remove();
    }
  });

  test('a file that cannot be read is told so', async () => {
    const folder = join(sample.root, 'as-folder', 'qbtc.yaml');
    await mkdir(folder, { recursive: true });
    await expect(openStack({ file: folder, env: {}, qbtcVersion: VERSION })).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
  });
});
