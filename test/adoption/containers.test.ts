import { expect, test } from 'vitest';
import { adopted } from './repository.ts';

const COMPOSE = `services:
  api:
    build: ./api
    ports: ["3000:3000"]
    environment:
      MONGO_URL: mongodb://root:toor99@mongo:27017/shop?authSource=admin
      MYSQL_HOST: mysql
      MYSQL_PORT: 3306
      MYSQL_USER: app
      MYSQL_PASSWORD: hunter22
      MYSQL_DATABASE: orders
      BROKERS: kafka:9092
      SMTP_HOST: mail
      ELASTIC: http://search:9200/index
      DATABASE_URL: postgres://owner:hunter22@db/main
      AMQP_URL: amqp://worker:hunter22@mq//jobs
    depends_on: [mongo, kafka]
  db:
    image: postgres:16
    environment: { POSTGRES_USER: owner, POSTGRES_PASSWORD: hunter22, POSTGRES_DB: main }
  mq:
    image: rabbitmq:3-management
    environment: { RABBITMQ_DEFAULT_USER: worker, RABBITMQ_DEFAULT_PASS: hunter22, RABBITMQ_DEFAULT_VHOST: /jobs }
  mongo:
    image: mongo:6
    restart: always
    ports: ["27018:27017"]
    environment: [MONGO_INITDB_ROOT_USERNAME=root, MONGO_INITDB_ROOT_PASSWORD=toor99, MONGO_INITDB_DATABASE=shop]
    volumes: [mongo-data:/data/db, ./mongo/init:/docker-entrypoint-initdb.d:ro]
    command: mongod --replSet rs0
    healthcheck: { test: ["CMD", "mongosh", "--eval", "db.adminCommand('ping')"] }
  mysql:
    image: mysql:8
    environment: { MYSQL_ROOT_PASSWORD: toor99, MYSQL_USER: app, MYSQL_PASSWORD: hunter22, MYSQL_DATABASE: orders }
    healthcheck: { test: 'mysqladmin ping -p$$MYSQL_ROOT_PASSWORD' }
  zookeeper: { image: "confluentinc/cp-zookeeper:7", depends_on: [kafka] }
  kafka: { image: "confluentinc/cp-kafka:7", depends_on: [zookeeper], mem_limit: 1g }
  mail: { image: mailhog/mailhog, ports: ["1025:1025", "8025:8025"] }
  search: { image: "elasticsearch:8", environment: { API_KEY: sk_live_abcdef } }
  unknown: { image: acme/engine }
  port: { image: acme/engine, expose: ["7000"] }
`;
const FILES = {
  'docker-compose.yml': COMPOSE,
  'api/package.json': '{"scripts": {"start": "node index.js"}}',
  'api/index.js': 'app.listen(process.env.PORT || 3000)',
};

test('images that qbtc has no kind for become containers of the stack', async () => {
  const { stack, text, obstacles, losses } = await adopted(FILES);
  const resource = (name: string) => stack.resources.find((each) => each.name === name);
  expect(stack.resources.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    'db postgres',
    'mq rabbitmq',
    'mongo container',
    'mysql container',
    'zookeeper container',
    'kafka container',
    'mail container',
    'search container',
    'port container',
  ]);
  expect(resource('mongo')).toMatchObject({
    ports: { main: 27_018 },
    endpoint: {
      user: 'root',
      database: 'shop',
      url: expect.stringMatching(/^mongodb:\/\/root:[^@]+@127\.0\.0\.1:27018\/shop\?authSource=admin$/),
    },
    server: {
      command: ['mongod', '--replSet', 'rs0'],
      health: { kind: 'command', command: ['mongosh', '--eval', "db.adminCommand('ping')"] },
      env: { MONGO_INITDB_ROOT_USERNAME: 'root', MONGO_INITDB_DATABASE: 'shop' },
      container: {
        image: 'mongo:6',
        ports: { main: 27_017 },
        volumes: ['mongo-data:/data/db', `${stack.root}/mongo/init:/docker-entrypoint-initdb.d:ro`],
      },
    },
  });
  expect(resource('mongo')?.server?.env.MONGO_INITDB_ROOT_PASSWORD).toBe(
    resource('mongo')?.endpoint.password,
  );
  expect(resource('mysql')).toMatchObject({
    endpoint: { user: 'app', database: 'orders' },
    server: { health: { kind: 'command', command: ['sh', '-c', 'mysqladmin ping -p$MYSQL_ROOT_PASSWORD'] } },
  });
  expect(resource('mail')?.ports).toEqual({ main: 1025, p8025: 8025 });
  expect(text).toContain(
    'kind: container # docker-compose.yml:24: it needs Docker, or else kind: process with mongod\n',
  );
  // One waits for the other: one way is told to be gone.
  expect(losses.map(({ what, of }) => `${what} ${of}`)).toContain('depends_on zookeeper kafka');
  expect(losses.map(({ what, of }) => `${what} ${of}`)).toContain('mem_limit kafka');
  expect(losses.map(({ what }) => what)).not.toContain('volumes');
  expect(obstacles.map(({ code, of }) => `${code} ${of}`)).toEqual(
    expect.arrayContaining(['image-without-kind unknown', 'value-needed search']),
  );
});

test('services reach them, and who the stack is there is as it was', async () => {
  const { stack, text, obstacles } = await adopted(FILES);
  const [api] = stack.services;
  const secret = (name: string) =>
    encodeURIComponent(stack.resources.find((each) => each.name === name)?.endpoint.password ?? '');
  expect(api?.env).toMatchObject({
    MONGO_URL: `mongodb://root:${secret('mongo')}@127.0.0.1:27018/shop?authSource=admin`,
    MYSQL_HOST: '127.0.0.1',
    MYSQL_PORT: '3306',
    MYSQL_USER: 'app',
    MYSQL_DATABASE: 'orders',
    BROKERS: '127.0.0.1:9092',
    SMTP_HOST: '127.0.0.1',
    ELASTIC: 'http://127.0.0.1:9200/index',
    DATABASE_URL: `postgresql://owner:${secret('db')}@127.0.0.1:5432/main`,
    AMQP_URL: `amqp://worker:${secret('mq')}@127.0.0.1:5672/%2Fjobs`,
  });
  expect(api?.env.MYSQL_PASSWORD).toBe(
    stack.resources.find(({ name }) => name === 'mysql')?.endpoint.password,
  );
  expect(api?.dependsOn).toEqual(expect.arrayContaining(['mongo', 'kafka', 'mysql', 'mail', 'search']));
  const all = JSON.stringify([text, obstacles]);
  for (const value of ['toor99', 'hunter22', 'sk_live']) expect(all).not.toContain(value);
});
