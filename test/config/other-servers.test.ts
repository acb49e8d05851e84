import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { confidentialValues } from '../../src/config/confidential.ts';
import { declaredPorts, loadStack, readStackDocument, secretNames } from '../../src/config/load.ts';
import { QbtcError } from '../../src/errors.ts';
import type { Stack } from '../../src/model/stack.ts';
import { readComposeFile } from '../../src/runtimes/containers/index.ts';
import { VERSION } from './sample.ts';

/** A stack with these lines below `infrastructure:`; the first one is line 4. */
async function load(lines: string, rest = '', base = 0): Promise<Stack> {
  const root = await mkdtemp(join(tmpdir(), 'qbtc-servers-'));
  const file = join(root, 'qbtc.yaml');
  await writeFile(
    file,
    `version: 1\nname: shop\ninfrastructure:\n${lines}\n${rest}ports: { base: ${base} }\n`,
  );
  const names = secretNames(await readStackDocument({ file, cwd: root }));
  const secrets = Object.fromEntries(names.map((name) => [name, `p@ss ${name}`]));
  return loadStack({ file, env: { PATH: '/bin' }, secrets, qbtcVersion: VERSION, cwd: root });
}

async function mistakesOf(lines: string, rest = ''): Promise<readonly string[]> {
  const error = await load(lines, rest).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof QbtcError ? error.details : [String(error)];
}

const MONGO = `  mongo:
    kind: container
    image: mongo:7
    port: 27018
    container_port: 27017
    ports: { admin: 28018 }
    container_ports: { admin: 28017 }
    user: root
    password: \${secrets.login}
    database: shop
    url: mongodb://\${user}:\${password}@\${host}:\${port}/\${database}?a=\${ports.admin}
    env: { MONGO_INITDB_ROOT_PASSWORD: '\${password}', AT: '\${host}:\${port}', COST: 5$ }
    command: [mongod, --port, '\${port}']
    health: { command: [mongosh, --port, '\${port}'] }
    volumes: [data:/data/db, ./conf:/conf:ro, /abs:/abs, /scratch]
`;

describe('a server that qbtc does not know', () => {
  test('has an address here and one among the containers, and its own words in its texts', async () => {
    const rest = `secrets: [login]\nservices:\n  w: { command: [node, w.mjs], env: { U: '\${resources.mongo.url}', P: '\${resources.mongo.port}' } }\n`;
    const stack = await load(MONGO, rest, 100);
    const [mongo] = stack.resources;
    expect(mongo?.endpoint).toMatchObject({ port: 27_118, user: 'root', database: 'shop' });
    expect(stack.services[0]?.env).toEqual({
      U: 'mongodb://root:p%40ss%20login@127.0.0.1:27118/shop?a=28118',
      P: '27118',
    });
    expect(stack.services[0]?.containerEnv).toEqual({
      U: 'mongodb://root:p%40ss%20login@mongo:27017/shop?a=28017',
      P: '27017',
    });
    expect(mongo?.server).toMatchObject({
      env: { MONGO_INITDB_ROOT_PASSWORD: 'p@ss login', AT: '0.0.0.0:27017', COST: '5$' },
      command: ['mongod', '--port', '27017'],
      health: { kind: 'command', command: ['mongosh', '--port', '27017'] },
    });
    expect(confidentialValues(stack)).toContain('p@ss login');
    expect(stack.secretNames).toEqual(['login']);
    const compose = await readComposeFile(stack);
    expect(compose?.data).toMatchObject({
      services: {
        mongo: {
          environment: { COST: '5$$' },
          ports: ['127.0.0.1:28118:28017', '127.0.0.1:27118:27017'],
          volumes: ['data:/data/db', `${stack.root}/conf:/conf:ro`, '/abs:/abs', '/scratch'],
        },
      },
      volumes: { data: null },
    });
    expect(Object.keys((compose?.data as { volumes: object }).volumes)).toEqual(['data']);
  });

  test('of a process has a folder for its data', async () => {
    const stack = await load("  nats: { kind: process, command: [nats, '${data}', '${host}'], port: 4222 }");
    const [nats] = stack.resources;
    expect(nats).toMatchObject({
      endpoint: { url: 'tcp://127.0.0.1:4222' },
      server: { command: ['nats', `${stack.root}/.qbtc/data/nats`, '127.0.0.1'], health: { kind: 'tcp' } },
    });
  });

  test('counts with its ports', async () => {
    const root = await mkdtemp(join(tmpdir(), 'qbtc-servers-'));
    const file = join(root, 'qbtc.yaml');
    await writeFile(file, `version: 1\nname: shop\ninfrastructure:\n${MONGO}`);
    expect(declaredPorts(await readStackDocument({ file, cwd: root }))).toEqual([27_018, 28_018]);
  });

  test.each([
    [
      '  a: { kind: process, port: 1 }',
      'qbtc.yaml:4:3 infrastructure.a: found no command, expected "command": a program and its arguments',
    ],
    [
      '  a: { kind: process, command: [x] }',
      'qbtc.yaml:4:3 infrastructure.a: found no port, expected "port": where its clients connect',
    ],
    [
      '  a: { kind: container, port: 1 }',
      'qbtc.yaml:4:3 infrastructure.a: found no image, expected "image", such as mongo:7',
    ],
    [
      '  a: { kind: process, command: x, port: 1 }',
      'qbtc.yaml:4:32 infrastructure.a.command: found "x", expected a list',
    ],
    [
      '  a: { kind: process, command: [x], port: 1, ports: { main: 2 } }',
      'qbtc.yaml:4:53 infrastructure.a.ports: found a mapping, expected another name than main',
    ],
    [
      '  a: { kind: process, command: [x], port: 1, health: { consumes: q } }',
      'qbtc.yaml:4:54 infrastructure.a.health: found consumes of a resource, expected another form of readiness',
    ],
    [
      '  a: { kind: process, command: [x], port: 1, health: { tcp: true, log: q } }',
      'qbtc.yaml:4:54 infrastructure.a.health: found several forms, expected one of them',
    ],
    [
      '  a: { kind: process, command: [x], port: 1, depends_on: [b] }\n  b: { kind: process, command: [x], port: 2, depends_on: [a] }',
      'qbtc.yaml:5:59 infrastructure.b.depends_on[0]: found the cycle a → b → a, expected an order in which they can start',
    ],
    [
      '  aa: { kind: process, command: [x], port: 1, depends_on: [bb] }\n  bc: { kind: redis }',
      'qbtc.yaml:4:60 infrastructure.aa.depends_on[0]: found "bb", expected a resource: bc; did you mean "bc"?',
    ],
    [
      '  a: { kind: container, image: x, port: 1, container_ports: { b: 2 } }',
      'qbtc.yaml:4:63 infrastructure.a.container_ports.b: found "b", which "ports" does not have, expected (there is none)',
    ],
    [
      "  a: { kind: process, provider: external, url: 'mongodb://u:s3cret@h' }",
      'qbtc.yaml:4:48 infrastructure.a.url: found a URL without a port, expected a URL with a host and a port, such as mongodb://127.0.0.1:27017',
    ],
    [
      '  a: { kind: process, command: [x], port: 1, password: s3cret }',
      'qbtc.yaml:4:56 infrastructure.a.password: found a password in the open, expected a reference, such as ${secrets.NAME} or ${DATABASE_PASSWORD}',
    ],
    [
      "  a: { kind: process, command: ['${user}'], port: 1 }",
      'qbtc.yaml:4:34 infrastructure.a.command[0]: found ${user}, which is not set in the environment, expected user to be set, or ${user:-default}',
    ],
    [
      '  a: { kind: process, command: [x], port: 1 }\n  b: { kind: process, command: [x], port: 3, ports: { c: 1 } }',
      'qbtc.yaml:5:58 infrastructure.b.ports.c: found port 1 for the c port of b, expected a port of its own: the main port of a (infrastructure.a.port) has this one',
    ],
  ])('is refused where it is wrong: %s', async (lines, mistake) => {
    expect(await mistakesOf(lines)).toEqual([mistake]);
  });

  test('whatever stands in its fields, it is loaded or refused with a place', async () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(
        '${port}',
        '${host}${ports.x}',
        '${data}',
        ['${port}', '$${x}'],
        { path: '/x', status: 204 },
        '__proto__',
        4222,
      ),
    );
    const field = fc.constantFrom(
      ...['command', 'image', 'port', 'ports', 'url', 'env', 'health', 'volumes', 'depends_on', 'provider'],
      ...['user', 'password', 'container_port', 'container_ports', 'path', 'stop_signal', '__proto__'],
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('process', 'container'),
        fc.array(fc.tuple(field, value), { maxLength: 6 }),
        async (kind, fields) => {
          const text = stringify({
            kind,
            command: ['x'],
            image: 'y',
            port: 1,
            ...Object.fromEntries(fields),
          });
          const lines = text.split('\n').map((line) => `    ${line}`);
          const told = await load(`  a:\n${lines.join('\n')}`).then(
            () => [],
            (error: QbtcError) => {
              expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
              return error.details;
            },
          );
          for (const line of told) expect(line).toMatch(/^qbtc\.yaml:\d+:\d+ /);
        },
      ),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 60) },
    );
  });
});
