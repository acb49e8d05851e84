import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planAdoption } from '../../src/adoption/index.ts';
import { requiredPackages } from '../../src/adoption/python-packages.ts';
import { portMark } from '../../src/config/own-ports.ts';
import { adopted, repositoryOf, writeAll } from './repository.ts';

const POM = (artifacts: readonly string[]) =>
  `<project>\n<parent><artifactId>spring-boot-starter-parent</artifactId></parent>\n<dependencies>\n${artifacts
    .map((id) => `<dependency><artifactId>${id}</artifactId></dependency>`)
    .join('\n')}\n</dependencies>\n</project>\n`;
const MAIN = 'class App { public static void main(String[] args) {} }';

test('services that read their ports from variables of their own stand side by side', async () => {
  const server = (name: string, variable: string) => ({
    [`${name}/package.json`]: '{"scripts": {"start": "node server.js"}, "dependencies": {"express": "4"}}',
    [`${name}/server.js`]: `const port = process.env.${variable} || '8080';\napp.listen(port);\n`,
  });
  const { stack, draft } = await adopted({
    ...server('cart', 'CART_SERVER_PORT'),
    ...server('user', 'USER_SERVER_PORT'),
    'mail/package.json': '{"scripts": {"start": "node server.js"}, "dependencies": {"express": "4"}}',
    'mail/server.js': 'const db_port = process.env.DB_PORT || 5432;\napp.listen(8090);\n',
  });
  const ports = Object.fromEntries(stack.services.map(({ name, port }) => [name, port]));
  expect(ports).toEqual({ cart: 8080, user: 8081, mail: 8090 });
  expect(stack.services.find(({ name }) => name === 'user')?.env).toEqual({ USER_SERVER_PORT: portMark() });
  expect(draft.obstacles.filter(({ code }) => code === 'port-taken')).toEqual([]);
});

test('a process manager of its own does not stand between: what it starts is started', async () => {
  const { stack } = await adopted({
    'package.json':
      '{"main": "src/index.js", "scripts": {"start": "pm2 start ecosystem.json --no-daemon", "dev": "nodemon src/index.js"}, "dependencies": {"express": "4"}}',
    'src/index.js': 'app.listen(process.env.PORT || 3000);\n',
  });
  expect(stack.services.map(({ command }) => command)).toEqual([['node', 'src/index.js']]);
});

test('Spring Boot is told of the resources of the stack by its own variables, each service of its own database', async () => {
  const artifacts = ['spring-boot-starter-web', 'spring-boot-starter-amqp', 'org.postgresql'];
  const { stack, text } = await adopted({
    'compose.yaml':
      'services:\n  postgres-order: { image: postgres:16 }\n  postgres-billing: { image: postgres:16 }\n  mq: { image: rabbitmq:3 }\n',
    'orders/pom.xml': POM([...artifacts, 'spring-boot-starter-actuator']),
    'orders/mvnw': '#!/bin/sh\n',
    'orders/src/main/java/App.java': MAIN,
    'orders/src/main/resources/application.properties': 'spring.application.name=orders\nserver.port=8081\n',
    'billing/pom.xml': POM(artifacts),
    'billing/src/main/java/App.java': MAIN,
    'billing/src/main/resources/application.yml': 'server:\n  shutdown: graceful\n  port: 8082\n',
    'pom.xml': POM(['spring-boot-starter-web']),
  });
  const [billing, orders] = stack.services.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect(stack.services).toHaveLength(2);
  expect(orders).toMatchObject({
    command: ['./mvnw', 'spring-boot:run'],
    port: 8081,
    dependsOn: ['mq', 'postgres-order'],
  });
  expect(billing).toMatchObject({
    command: ['mvn', 'spring-boot:run'],
    port: 8082,
    dependsOn: ['mq', 'postgres-billing'],
  });
  expect(text).toContain('health: /actuator/health # guess, by orders/pom.xml:7');
  expect(text).toContain('SERVER_PORT: "${port}"');
  expect(text).toContain('SPRING_RABBITMQ_VIRTUAL_HOST: "${resources.mq.vhost}"');
  expect(text).toContain(
    'SPRING_DATASOURCE_URL: "jdbc:postgresql://${resources.postgres-order.host}:${resources.postgres-order.port}/${resources.postgres-order.database}"',
  );
  expect(text.split('\n')[0]).toBe('# Made by "qbtc init" of billing/pom.xml, orders/pom.xml.');
});

test('projects of .NET that serve or work are services, libraries are none', async () => {
  const project = (sdk: string, reference: string) =>
    `<Project Sdk="${sdk}">\n<ItemGroup><PackageReference Include="${reference}" /></ItemGroup>\n</Project>\n`;
  const { stack } = await adopted({
    'Api/Api.csproj': project('Microsoft.NET.Sdk.Web', 'Npgsql.EntityFrameworkCore.PostgreSQL'),
    'Mailer/Mailer.csproj': project('Microsoft.NET.Sdk.Worker', 'RabbitMQ.Client'),
    'Shared/Shared.csproj': project('Microsoft.NET.Sdk', 'RabbitMQ.Client'),
  });
  expect(stack.services.map(({ name, command, dependsOn }) => [name, command?.at(-1), dependsOn])).toEqual([
    ['api', `http://127.0.0.1:${portMark()}`, ['database']],
    ['mailer', '--no-launch-profile', ['broker']],
  ]);
});

test('programs of a virtual environment are those of the service, and packages that are missing are named', async () => {
  const files = {
    'requirements.txt': 'flask==3.0.0\nnot-a-package-of-anyone>=1\n',
    'app.py': 'app = Flask(__name__)\n',
  };
  const without = await adopted(files);
  expect(without.draft.obstacles).toMatchObject([
    { code: 'not-installed', fix: 'pip install -r requirements.txt' },
  ]);
  const root = await repositoryOf(files);
  await writeAll(root, { '.venv/bin/flask': '', '.venv/bin/python3': '' });
  const within = await planAdoption({ root, update: false });
  expect(within.draft.obstacles).toEqual([]);
  expect(within.draft.services[0]?.command.value[0]).toBe(join('.venv/bin', 'flask'));
});

test('requirements are compared by name alone', () => {
  expect(
    requiredPackages(
      '# them\nFlask==3.0\nSQLAlchemy [asyncio] >= 2\n-r other.txt\n./local\nhttps://x/y.whl\nruamel.yaml\nx; python_version < "3.8"\n',
    ),
  ).toEqual(['flask', 'sqlalchemy', 'ruamel-yaml', 'x']);
});

test('what only a build makes is not run before it: a script that builds goes first, or the build is asked for', async () => {
  const { stack, draft } = await adopted({
    'compose.yaml': [
      'services:',
      '  dice: { build: { context: ., dockerfile: packages/dice/Dockerfile }, ports: ["4002:4002"] }',
      '  coin: { build: ./packages/coin, ports: ["4003:4003"] }',
    ].join('\n'),
    'packages/dice/Dockerfile': 'FROM node:20\nCMD ["npm", "run", "start:prod", "--workspace=dice"]\n',
    'packages/dice/package.json':
      '{"name": "dice", "scripts": {"start": "nest start", "start:prod": "node dist/main"}, "dependencies": {"@nestjs/core": "10"}}',
    'packages/coin/Dockerfile': 'FROM node:20\nCMD ["node", "dist/index.js"]\n',
    'packages/coin/package.json':
      '{"name": "coin", "scripts": {"start": "node dist/index.js", "build": "tsc"}, "dependencies": {"express": "4"}}',
    'node_modules/express/package.json': '{}',
  });
  expect(stack.services.map(({ name, command }) => [name, command])).toEqual([
    ['dice', ['npm', 'start']],
    ['coin', ['npm', 'start']],
  ]);
  expect(draft.obstacles.filter(({ code }) => code === 'not-built')).toMatchObject([
    { of: 'coin', found: 'dist/index.js is not there', fix: '(cd packages/coin && npm run build)' },
  ]);
});

test('scripts of the one package of several services are called where it stands', async () => {
  const app = (name: string) =>
    `  ${name}: { build: { context: ., dockerfile: ./apps/${name}/Dockerfile }, command: pnpm run start:dev ${name} }`;
  const { stack } = await adopted({
    'compose.yaml': ['services:', app('auth'), app('orders')].join('\n'),
    'pnpm-lock.yaml': '',
    'package.json':
      '{"name": "shop", "scripts": {"start": "nest start", "start:dev": "nest start --watch"}, "dependencies": {"@nestjs/core": "10"}}',
    'apps/auth/Dockerfile': 'FROM node:20\nCMD ["node", "dist/apps/auth/main"]\n',
    'apps/orders/Dockerfile': 'FROM node:20\nCMD ["node", "dist/apps/orders/main"]\n',
  });
  expect(stack.services.map(({ name, path }) => [name, path === stack.root])).toEqual([
    ['auth', true],
    ['orders', true],
  ]);
});

test('packages that are called the same are services of the names of their folders', async () => {
  const copied = '{"name": "starter", "scripts": {"start": "node a.js"}, "dependencies": {"express": "4"}}';
  const code = 'app.listen(process.env.PORT);\n';
  const { stack } = await adopted({
    'business/package.json': copied,
    'business/a.js': code,
    'entrance/package.json': copied,
    'entrance/a.js': code,
  });
  expect(stack.services.map(({ name }) => name)).toEqual(['business', 'entrance']);
});

test('a gateway that is built here is named, and left out, whatever starts it', async () => {
  const { stack, draft } = await adopted({
    'compose.yaml':
      'services:\n  proxy: { build: nginx, command: /app/start.sh, ports: ["80:80"], depends_on: [app] }\n  app: { build: app, ports: ["8000:8000"] }\n',
    'nginx/Dockerfile': 'FROM nginx:1.27\nCMD ["nginx"]\n',
    'app/Dockerfile': 'FROM node:20\nCMD ["npm", "start"]\n',
    'app/package.json': '{"name": "app", "scripts": {"start": "node ."}}',
  });
  expect(stack.services.map(({ name }) => name)).toEqual(['app']);
  expect(draft.obstacles).toMatchObject([
    { code: 'no-program', of: 'proxy', fix: expect.stringMatching(/^nginx /) },
  ]);
});
