import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startEngine, type TestEngine } from '../support/docker/engine.ts';
import { installPackages, run } from '../support/docker/run.ts';
import { freePorts } from '../support/ports.ts';
import { qbtc } from '../support/qbtc.ts';

const NATS = '/usr/sbin/nats-server';
const missing = await installPackages(['nats-server'], NATS);
const started = missing === undefined ? await startEngine() : { unavailable: missing };
const engine: TestEngine | undefined = 'unavailable' in started ? undefined : started;
const reason = 'unavailable' in started ? ` (skipped: ${started.unavailable})` : '';
const env = engine?.env ?? {};
const MINUTES = 300_000;

const folder = await mkdtemp(join(tmpdir(), 'qbtc containers '));
const [outside = 0, monitor = 0, second = 0] = await freePorts(3);
const docker = (...args: string[]) => run('docker', args, { env: { ...process.env, ...env } });

const COMPOSE = `services:
  hub: { image: never-pulled:1 }
  other: { image: never-pulled:2 }
networks: { back: }
`;
const stackFile = (tag = 'pa$$word') => `version: 1
name: contained
strategy: hybrid
compose: docker-compose.yml
secrets: [hub-login]
infrastructure:
  hub:
    kind: container
    image: qbtc-test-nats:1
    command: [/nats-server, -a, '\${host}', -p, '\${port}', -m, '\${ports.monitor}', --user, app, --pass, '\${password}', -js, -sd, /data]
    port: ${outside}
    container_port: 4222
    ports: { monitor: ${monitor} }
    container_ports: { monitor: 8222 }
    env: { TAG: '${tag}' }
    user: app
    password: \${secrets.hub-login}
    url: nats://\${user}:\${password}@\${host}:\${port}
    volumes: [hub-data:/data, './conf:/conf:ro']
    health: { log: Server is ready }
  leaf:
    kind: container
    image: qbtc-test-nats:1
    command: [/nats-server, -p, '\${port}']
    port: ${second}
    depends_on: [hub]
services:
  user:
    command: [node, -e, 'console.log("given", process.env.HUB); setInterval(() => {}, 1e6)']
    env: { HUB: '\${resources.hub.host}:\${resources.hub.port}', URL: '\${resources.hub.url}' }
    depends_on: [leaf]
`;

/** A compose file as people have one, of a service and a server that qbtc has no kind for. */
const adopted = (web: number, published: number) => `services:
  api:
    build: ./api
    ports: ["${web}:3000"]
    environment: { NATS_URL: "nats://nats:4222" }
    depends_on: [nats]
  nats:
    image: qbtc-test-nats:1
    command: [/nats-server, -js, -sd, /data]
    ports: ["${published}:4222"]
    volumes: [nats-data:/data]
volumes: { nats-data: }
`;
const SERVICE = `
const { connect } = require('node:net');
require('node:http').createServer((request, response) => {
  if (request.url === '/health') return response.end('{"status":"ok"}');
  const { hostname, port } = new URL(process.env.NATS_URL);
  const socket = connect(port, hostname);
  socket.once('data', (data) => { socket.destroy(); response.end(String(data).slice(0, 4)); });
  socket.once('error', (error) => response.writeHead(500).end(error.message));
}).listen(process.env.PORT || 3000);
`;

/** An image of one program and the libraries that it needs. */
async function makeImage(): Promise<void> {
  const image = await mkdtemp(join(tmpdir(), 'qbtc-image-'));
  const libraries = execFileSync('ldd', [NATS])
    .toString()
    .matchAll(/(\/\S+\.so\S*)/g);
  const files = [...libraries].map(([, path = '']) => path);
  for (const path of files) {
    await mkdir(join(image, dirname(path)), { recursive: true });
    await copyFile(path, join(image, path));
  }
  await copyFile(NATS, join(image, 'nats-server'));
  await mkdir(join(image, 'tmp'));
  execFileSync('tar', ['-C', image, '-cf', `${image}.tar`, '.']);
  const { exitCode, stderr } = await docker('import', `${image}.tar`, 'qbtc-test-nats:1');
  await rm(image, { recursive: true });
  await rm(`${image}.tar`);
  expect(exitCode, stderr).toBe(0);
}

const parts = async () => {
  const { stdout } = await qbtc(['status', '--json'], folder, env);
  const { resources } = JSON.parse(stdout) as {
    resources: { name: string; state: string; kind: string; provider: string; reason: string }[];
  };
  return resources;
};

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(engine === undefined)(`containers that qbtc.yaml declares${reason}`, () => {
  beforeAll(async () => {
    await makeImage();
    await mkdir(join(folder, 'conf'));
    await writeFile(join(folder, 'docker-compose.yml'), COMPOSE);
    await writeFile(join(folder, 'qbtc.yaml'), stackFile());
  }, MINUTES);
  afterAll(async () => {
    await qbtc(['down', '--volumes'], folder, env);
    await engine?.stop();
  }, MINUTES);

  test(
    'are started in their order, whatever the compose file says of their names',
    async () => {
      const up = await qbtc(['up', '--json', '--timeout', '60'], folder, env);
      expect(up.code, up.stderr).toBe(0);
      expect((JSON.parse(up.stdout) as { started: string[] }).started).toEqual(['hub', 'leaf', 'user']);
      expect((await parts()).map(({ name, state, kind, provider }) => [name, state, kind, provider])).toEqual(
        [
          ['hub', 'active', 'container', 'docker'],
          ['leaf', 'active', 'container', 'docker'],
          ['user', 'active', 'service', 'process'],
        ],
      );
      const logs = await qbtc(['logs'], folder, env);
      expect(logs.stdout).toContain('Server is ready');
      expect(logs.stdout).toContain(`given 127.0.0.1:${outside}`);
      const answer = await fetch(`http://127.0.0.1:${monitor}/varz`);
      expect(await answer.json()).toMatchObject({ auth_required: true, port: 4222 });
    },
    MINUTES,
  );

  test(
    'get their variables as they are written, and are made anew when one changes',
    async () => {
      const environment = async () => {
        const { stdout } = await docker('ps', '-q', '--filter', 'label=com.docker.compose.service=hub');
        return (await docker('inspect', '--format', '{{json .Config.Env}}', stdout.trim())).stdout;
      };
      expect(JSON.parse(await environment())).toContain('TAG=pa$$word');
      const again = await qbtc(['up', '--json'], folder, env);
      expect(JSON.parse(again.stdout)).toMatchObject({ started: [] });
      await writeFile(join(folder, 'qbtc.yaml'), stackFile('${NOT_A_REFERENCE:-x}'));
      const changed = await qbtc(['up', '--json'], folder, env);
      expect(changed.code, changed.stderr).toBe(0);
      expect((JSON.parse(changed.stdout) as { started: string[] }).started).toContain('hub');
      expect(JSON.parse(await environment())).toContain('TAG=x');
    },
    MINUTES,
  );

  test(
    'are told when they are gone, and leave nothing behind',
    async () => {
      const { stdout } = await docker('ps', '-q', '--filter', 'label=com.docker.compose.service=leaf');
      await docker('rm', '-f', stdout.trim());
      expect((await parts()).find(({ name }) => name === 'leaf')?.state).not.toBe('active');
      expect((await qbtc(['up'], folder, env)).code).toBe(0);
      expect((await qbtc(['down', '--volumes'], folder, env)).code).toBe(0);
      expect((await docker('ps', '-aq')).stdout.trim()).toBe('');
      expect((await docker('volume', 'ls', '-q')).stdout.trim()).toBe('');
    },
    MINUTES,
  );

  test(
    'come of a compose file by init, and its service reaches them as it did',
    async () => {
      const shop = await mkdtemp(join(tmpdir(), 'qbtc-adopts-'));
      const [web = 0, published = 0] = await freePorts(2);
      onTestFinished(async () => {
        await qbtc(['down', '--volumes'], shop, env);
        await rm(shop, { recursive: true, force: true });
      }, MINUTES);
      await mkdir(join(shop, 'api'));
      await writeFile(join(shop, 'docker-compose.yml'), adopted(web, published));
      await writeFile(join(shop, 'api/package.json'), '{"scripts": {"start": "node index.js"}}');
      await writeFile(join(shop, 'api/index.js'), SERVICE);
      const init = await qbtc(['init', '--yes'], shop, env);
      expect(init.code, init.stderr).toBe(0);
      const up = await qbtc(['up', '--timeout', '60'], shop, env);
      expect(up.code, up.stderr).toBe(0);
      expect(await (await fetch(`http://127.0.0.1:${web}/`)).text()).toBe('INFO');
      const score = await qbtc(['score', '--json'], shop, env);
      expect(JSON.parse(score.stdout)).toMatchObject({ total: 100 });
      expect((await qbtc(['down', '--volumes'], shop, env)).code).toBe(0);
      expect((await docker('volume', 'ls', '-q')).stdout.trim()).toBe('');
    },
    MINUTES,
  );

  test(
    'an image that cannot be had is told with its container',
    async () => {
      await writeFile(
        join(folder, 'qbtc.yaml'),
        stackFile().replaceAll('qbtc-test-nats:1', 'localhost:1/no:1'),
      );
      const { code, stderr } = await qbtc(['up'], folder, env);
      expect(code).not.toBe(0);
      expect(stderr).toContain('an image for hub cannot be pulled');
    },
    MINUTES,
  );
});

test('without Docker it is said that they need it', async () => {
  const alone = await mkdtemp(join(tmpdir(), 'qbtc no docker '));
  await writeFile(join(alone, 'qbtc.yaml'), stackFile());
  const { code, stderr } = await qbtc(['up'], alone, { DOCKER_HOST: `unix://${join(alone, 'no.sock')}` });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/hub.*nothing on this machine|strategy hybrid cannot provide it here/);
  expect(stderr).toContain('it is a container, which needs Docker');
  await rm(alone, { recursive: true, force: true });
});
