import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyAdoption, planAdoption } from '../../src/adoption/index.ts';
import { adopted, repositoryOf, writeAll } from './repository.ts';

const COMPOSE = `services:
  api:
    build: ./api
    ports: ["8080:3000"]
    environment:
      DATABASE_URL: postgres://shop:hunter22@db:5432/shop?schema=public
      AMQP_URL: amqp://guest:guest@mq:5672
      PAYMENTS_URL: http://payments:4000/v1
      JWT_SECRET: s3cr3t-of-the-shop
      STRIPE_API_KEY: sk_live_abcdef
      LOG_LEVEL: \${LOG_LEVEL:-info}
      MONGO_URL: mongodb://root:toor99@mongo:27017/shop
    depends_on:
      db: { condition: service_healthy }
      mongo: { condition: service_started }
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3000/healthz"]
    volumes: [./api:/app]
    networks: [back]
  payments:
    build: { context: ./payments }
    deploy: { replicas: 2 }
    environment: [PORT=4000, REDIS_HOST=cache, REDIS_PORT=6379, "POSTGRES_PASSWORD=hunter22"]
    expose: ["4000"]
    stop_grace_period: 1m30s
  worker:
    build: ./worker
    command: sh -c "exec node worker.js"
    links: [mq]
    networks: [back]
  db:
    image: postgres:16-alpine
    environment: { POSTGRES_PASSWORD: hunter22 }
    ports: ["5433:5432"]
  mq: { image: "rabbitmq:3-management" }
  cache: { image: redis }
  mongo: { image: "mongo:6" }
  adminer: { image: adminer }
`;
const SHOP = {
  'docker-compose.yml': COMPOSE,
  'api/package.json':
    '{"name": "api", "scripts": {"start": "node src/index.js"}, "dependencies": {"express": "4"}}',
  'api/src/index.js':
    "const app = require('express')();\napp.get('/healthz', ok);\napp.listen(process.env.PORT || 3000);\n",
  'payments/package.json': '{"scripts": {"start": "nest start"}, "dependencies": {"@nestjs/core": "10"}}',
  'payments/src/main.ts': 'await app.listen(process.env.PORT ?? 4000);',
  'worker/package.json': '{"dependencies": {"amqplib": "0.10"}}',
  'worker/worker.js': "require('amqplib').connect('amqp://localhost:5672');",
};

test('a compose file becomes a stack that loads, each line with its place', async () => {
  const { stack, text, draft } = await adopted(SHOP);
  expect(stack.name).toBe('shop');
  expect(stack.resources.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    'db postgres',
    'mq rabbitmq',
    'cache redis',
    'mongo container',
  ]);
  const [api, payments, worker] = stack.services;
  expect(api).toMatchObject({
    name: 'api',
    command: ['node', 'src/index.js'],
    port: 8080,
    dependsOn: ['db', 'mongo', 'mq'],
  });
  expect(payments).toMatchObject({
    command: ['npm', 'start'],
    port: 4000,
    replicas: 2,
    stopTimeoutMs: 90_000,
  });
  expect(worker).toMatchObject({ command: ['node', 'worker.js'], dependsOn: ['mq'] });
  expect(worker?.port).toBeUndefined();
  expect(draft.services[0]?.health).toMatchObject({ value: { path: '/healthz' } });
  expect(text).toContain('    port: 8080 # docker-compose.yml:4\n');
  expect(text).toContain(
    'DATABASE_URL: "${resources.db.url}?schema=public" # docker-compose.yml:6: the database is that of the stack\n',
  );
  expect(text).toContain('PAYMENTS_URL: "${services.payments.url}/v1" # docker-compose.yml:8\n');
  expect(text).toContain('LOG_LEVEL: "${LOG_LEVEL:-info}" # docker-compose.yml:11\n');
  expect(text).toContain('port: 5433 # docker-compose.yml:34\n');
  for (const line of text.split('\n').slice(5))
    if (/: \S/.test(line) && !/required: /.test(line)) expect(line, line).toMatch(/ # /);
});

test('secrets never come along', async () => {
  const { text, obstacles, losses } = await adopted(SHOP);
  const all = JSON.stringify([text, obstacles, losses]);
  for (const secret of ['hunter22', 's3cr3t', 'sk_live', 'toor99', 'guest:guest'])
    expect(all).not.toContain(secret);
  expect(text).toContain('secrets: [jwt-secret]');
  expect(text).toContain('STRIPE_API_KEY: "${STRIPE_API_KEY:-}"');
  expect(text).toContain('POSTGRES_PASSWORD: "${resources.db.password}"');
});

test('what stands in the way is named with its place, and nothing is dropped silently', async () => {
  const { obstacles, losses } = await adopted(SHOP);
  expect(obstacles.map(({ code, of, at }) => `${code} ${of} ${at.file}:${at.line}`).sort()).toEqual([
    'not-installed api api/package.json:1',
    'not-installed payments payments/package.json:1',
    'value-needed api docker-compose.yml:10',
    'value-needed api docker-compose.yml:12',
  ]);
  expect(losses.map(({ what, of }) => [what, ...of].join(' ')).sort()).toEqual([
    'adminer',
    'networks api worker',
    'volumes api',
  ]);
});

test('a port in the code cannot be moved: of two services with one the second is left out', async () => {
  const { stack, obstacles, draft } = await adopted({
    'compose.yaml':
      'services:\n  a: { build: a, ports: ["3000:3000"] }\n  b: { build: b, ports: ["3001:3000"], depends_on: [a] }\n  c: { build: c, depends_on: [b] }\n',
    'a/package.json': '{"scripts": {"start": "node ."}}',
    'a/index.js': 'server.listen(3000)',
    'b/package.json': '{"scripts": {"start": "node ."}}',
    'b/index.js': 'server.listen(3000)',
    'c/package.json': '{"scripts": {"start": "node ."}}',
    'c/index.js': 'server.listen(process.env.PORT || 3000)',
  });
  expect(stack.services.map(({ name, port }) => `${name} ${port}`)).toEqual(['a 3000', 'c 3001']);
  expect(obstacles).toContainEqual(
    expect.objectContaining({ code: 'port-taken', of: 'b', at: { file: 'b/index.js', line: 1 } }),
  );
  expect(obstacles).toContainEqual(expect.objectContaining({ code: 'port-in-code', of: 'a' }));
  expect(draft.services[1]?.port?.why).toBe('3000 is that of a');
  expect(draft.services[1]?.dependsOn).toEqual([]);
});

test('without a compose file the packages that serve are the services, and libraries are none', async () => {
  const libraries = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `packages/lib-${index}/package.json`,
      '{"scripts": {"start": "tsc --watch"}}',
    ]),
  );
  const { stack, text } = await adopted({
    ...libraries,
    'package.json': '{"workspaces": ["packages/*"], "scripts": {"start": "turbo run start"}}',
    'packages/gateway/package.json':
      '{"name": "@acme/gateway", "scripts": {"start": "node main.js"}, "dependencies": {"fastify": "5"}}',
    'packages/gateway/main.js':
      "app.listen({ port: process.env.PORT ?? 4000 });\nconst url = process.env.AMQP_URL || 'amqp://localhost';",
    'packages/mailer/package.json':
      '{"name": "mailer", "scripts": {"start": "node main.js"}, "dependencies": {"amqplib": "0.10"}}',
    'packages/mailer/main.js': '',
  });
  expect(stack.services.map(({ name, port }) => [name, port])).toEqual([
    ['gateway', 4000],
    ['mailer', undefined],
  ]);
  expect(text).toContain('AMQP_URL: "${resources.broker.url}" # guess, by packages/gateway/main.js:2');
  expect(text).toContain('kind: rabbitmq # guess, by packages/mailer/package.json:1');
});

test('Python, Go and a Procfile are read', async () => {
  const { stack, obstacles } = await adopted({
    'api/requirements.txt': 'flask==3\ngunicorn==22\npika\n',
    'api/app.py':
      "from flask import Flask\napp = Flask(__name__)\n\n@app.route('/health')\ndef health(): ...\n",
    'jobs/Procfile':
      'web: node server.js --port $PORT\nworker: node worker.js | tee log\nrelease: ./migrate\n',
    'stock/go.mod': 'module stock\nrequire github.com/rabbitmq/amqp091-go v1\n',
    'stock/main.go': 'package main\nfunc main() { http.ListenAndServe(":9000", nil) }\n',
  });
  const commands = Object.fromEntries(
    stack.services.map(({ name, command, port }) => [name, { command, port }]),
  );
  expect(commands).toMatchObject({
    api: { port: 8000 },
    web: { port: 3000 },
    worker: { command: ['sh', '-c', 'node worker.js | tee log'] },
    stock: { command: ['go', 'run', '.'], port: 9000 },
  });
  // Whether Flask is installed is this machine's affair.
  expect(obstacles.map(({ code }) => code).filter((code) => code !== 'not-installed')).toEqual([
    'port-in-code',
  ]);
});

test('documents say what a first request asks for, and what is to be imported', async () => {
  const { draft } = await adopted({
    'compose.yaml': 'services:\n  api: { build: api, ports: ["8000:8000"] }\n  mq: { image: rabbitmq }\n',
    'api/package.json': '{"scripts": {"start": "node ."}, "dependencies": {"pino": "9"}}',
    'api/Dockerfile': 'FROM node:20\nCMD ["npm", "start"]\n',
    'api/index.js':
      "listen(process.env.PORT);\nconst other = { host: 'mq', port: 5672 };\nfetch('http://elsewhere.example/x');\n",
    'api/openapi.yaml':
      'openapi: 3.0.0\nservers: [{ url: https://shop.example/v1 }]\npaths:\n  /items/{id}: { get: {} }\n  /items: { get: {} }\n',
    'mq/definitions.json': '{"queues": [], "exchanges": [], "bindings": []}',
    'mq/definitions-of-something-else.json': '{"queues": 3}',
  });
  expect(draft.services[0]?.firstRequest).toEqual({
    value: '/v1/items',
    at: { file: 'api/openapi.yaml', line: 5 },
  });
  expect(draft.imports).toEqual([{ form: 'rabbitmq', file: 'mq/definitions.json' }]);
  expect(draft.obstacles).toEqual([
    expect.objectContaining({
      code: 'address-in-code',
      found: 'mq',
      at: { file: 'api/index.js', line: 2 },
      fix: expect.stringContaining('${resources.mq.host}'),
    }),
    expect.objectContaining({ code: 'not-installed', fix: '(cd api && npm install)' }),
  ]);
});

test('a broker that is told of in parts is told of with its vhost, or has the one that is asked for', async () => {
  const { text, obstacles } = await adopted({
    'compose.yaml':
      'services:\n  a: { build: a, environment: { RABBITMQ_HOST: "mq:5672", RABBITMQ_USER: guest } }\n  b: { build: a, environment: { RABBITMQ_HOST: mq, RABBITMQ_PORT: "5672" } }\n  c: { build: a, environment: { RABBITMQ_HOST: mq, RABBITMQ_VHOST: / } }\n  mq: { image: rabbitmq }\n',
    'a/package.json': '{"scripts": {"start": "node ."}}',
  });
  const { host, port, vhost } = {
    host: '${resources.mq.host}',
    port: '${resources.mq.port}',
    vhost: '${resources.mq.vhost}',
  };
  expect(text).toContain(`RABBITMQ_HOST: "${host}:${port}/${vhost}" # guess, by compose.yaml:2`);
  expect(text).toContain(`RABBITMQ_VHOST: "${vhost}"`);
  expect(obstacles).toEqual([]);
  // What b asks for is what the broker has.
  expect(text).toContain('user: guest # guess, by compose.yaml:3: b names no other');
  expect(text).toContain(
    'password: "${MQ_PASSWORD:-guest}" # guess, by compose.yaml:3: as every RabbitMQ begins',
  );
  expect(text).toContain('vhost: / # guess, by compose.yaml:3: b names no other');
});

test('a folder with a stack is refused, one with nothing too', async () => {
  const root = await repositoryOf({ 'qbtc.yaml': 'version: 1\n' });
  await expect(planAdoption({ root, update: false })).rejects.toMatchObject({ code: 'STACK_EXISTS' });
  const empty = await repositoryOf({ 'README.md': '' });
  await expect(planAdoption({ root: empty, update: false })).rejects.toMatchObject({
    code: 'NOTHING_TO_ADOPT',
  });
  await expect(planAdoption({ root: empty, update: true })).rejects.toMatchObject({
    code: 'STACK_NOT_FOUND',
  });
});

test('a qbtc.yaml that cannot be read is there all the same, and a byte order mark is no part of one', async () => {
  const root = await repositoryOf(SHOP);
  const file = join(root, 'qbtc.yaml');
  await writeFile(file, Buffer.from('version: 1 # \xfc\n', 'latin1'));
  await expect(planAdoption({ root, update: false })).rejects.toMatchObject({ code: 'NOT_UTF8' });
  await rm(file);
  await mkdir(file);
  await expect(planAdoption({ root, update: false })).rejects.toMatchObject({ code: 'ADOPTED_UNREADABLE' });
  await rm(file, { recursive: true });

  const plan = await planAdoption({ root, update: false });
  await applyAdoption(root, plan);
  await writeFile(file, `\uFEFF${plan.files[0]?.text}`);
  const again = await planAdoption({ root, update: true });
  expect(again.files[0]?.change).toBe('unchanged');
  expect(again.kept).toEqual([]);
});

test.each([
  ['a list', '- mine\n', 'qbtc.yaml:1:1: found a list'],
  ['what is no YAML', 'services: [mine\n', 'qbtc.yaml:'],
  ['a key that is there twice', 'version: 1\nname: mine\nname: other\n', 'qbtc.yaml:3:1'],
])('an update of a qbtc.yaml that is %s is refused with the place', async (_, mine, place) => {
  const root = await repositoryOf({ ...SHOP, 'qbtc.yaml': mine });
  await expect(planAdoption({ root, update: true })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    details: [expect.stringContaining(place)],
  });
});

test('an update of a qbtc.yaml with comments alone keeps them', async () => {
  const root = await repositoryOf({ ...SHOP, 'qbtc.yaml': '# Mine.\n' });
  const { files } = await planAdoption({ root, update: true });
  expect(files[0]?.text).toMatch(/^# Mine\.\n\n# Made by "qbtc init"/);
});

test('an update follows the repository and keeps what was changed', async () => {
  const root = await repositoryOf(SHOP);
  await applyAdoption(root, await planAdoption({ root, update: false }));
  const again = await planAdoption({ root, update: true });
  expect(again.files.map(({ change }) => change)).toEqual(['unchanged', 'unchanged']);

  const mine = (again.files[0]?.text ?? '')
    .replace('port: 8080', 'port: 8088')
    .replace('name: shop', 'name: my-shop');
  await writeAll(root, {
    'qbtc.yaml': mine,
    'docker-compose.yml': COMPOSE.replace('8080:3000', '8090:3000').replace('replicas: 2', 'replicas: 3'),
  });
  const { files, kept } = await planAdoption({ root, update: true });
  expect(kept).toEqual(['services.api.port']);
  expect(files[0]).toMatchObject({ path: 'qbtc.yaml', change: 'updated' });
  expect(files[0]?.text).toContain('port: 8088');
  expect(files[0]?.text).toContain('name: my-shop');
  expect(files[0]?.text).toContain('replicas: 3 # docker-compose.yml:');
});
