import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTimeOf } from '../../src/alive.ts';
import { EXPRESS, FLASK, GRPC, installFlask, npmInstall, PYTHON, WORKER } from '../support/foreign-stack.ts';
import { freePorts } from '../support/ports.ts';
import { qbtc, startQbtc } from '../support/qbtc.ts';

/** Says what it was given, and stays. */
const BESIDE = 'console.log(process.env.BROKER); setInterval(() => {}, 1e6)';

interface Part {
  name: string;
  state: string;
  provider: string;
  reason: string;
  pid: number | null;
  ports: number[];
  details?: { name: string; well: boolean; said: string }[];
}

const folder = await mkdtemp(join(tmpdir(), 'qbtc foreign ü '));
const write = async (name: string, text: string) => {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
};
for (const [name, text] of Object.entries({ ...EXPRESS, ...FLASK, ...WORKER, ...GRPC }))
  await write(name, text);
// Also where all of it is skipped.
afterAll(() => rm(folder, { recursive: true, force: true }));
const noExpress = await npmInstall(join(folder, 'web'));
const noFlask = await installFlask();
const flask = noFlask === undefined;
const skipped = noExpress === undefined ? '' : ` (skipped: ${noExpress})`;

describe.skipIf(noExpress !== undefined)(`services that know nothing of qbtc${skipped}`, () => {
  const [broker = 0, management = 0, gateway = 0, admin = 0, web = 0, extra = 0, shop = 0, orders = 0] = [];
  const ports = { broker, management, gateway, admin, web, extra, shop, orders };
  let outside: Server;
  let asked = 0;

  const parts = async (): Promise<Record<string, Part>> => {
    const { stdout } = await qbtc(['status', '--json'], folder);
    const { resources } = JSON.parse(stdout) as { resources: Part[] };
    return Object.fromEntries(resources.map((each) => [each.name, each]));
  };
  const hello = async () =>
    (await (await fetch(`http://127.0.0.1:${ports.gateway}/hello`)).json()) as { pid: number; by: string };

  beforeAll(async () => {
    const free = await freePorts(8);
    for (const [index, name] of (Object.keys(ports) as (keyof typeof ports)[]).entries())
      ports[name] = free[index] ?? 0;
    outside = createServer((_, response) => {
      asked += 1;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"status":"UP","name":"another","components":{"db":{"status":"UP"},"mail":{"status":"DOWN"}}}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => outside.once('listening', resolve));
    await write('web.env', 'GREETING="of a file"\n');
    await write(
      'qbtc.yaml',
      `version: 1
name: foreign
strategy: hybrid
infrastructure:
  broker: { kind: rabbitmq, provider: embedded, port: ${ports.broker}, management_port: ${ports.management} }
  gateway: { kind: apisix, provider: embedded, port: ${ports.gateway}, admin_port: ${ports.admin} }
services:
  web:
    path: web
    command: [npm, start]
    port: ${ports.web}
    ports: { extra: ${ports.extra} }
    health: { path: /ready, status: 204 }
    metrics: false
    env_file: web.env
    routes: [{ name: hello, uri: /hello }]
  worker:
    path: worker
    command: [node, worker.cjs]
    env: { BROKER: '\${resources.broker.url}' }
    health: { consumes: jobs }
    depends_on: [broker]
  orders:
    path: orders
    command: [node, server.cjs, '\${port}']
    port: ${ports.orders}
    health: { grpc: shop.Orders }
    metrics: false
  outside:
    url: http://127.0.0.1:${(outside.address() as AddressInfo).port}
    health: /actuator/health
    metrics: false
    routes: [{ name: outside, uri: /outside }]
${
  flask
    ? `  shop:
    path: shop
    command: [${PYTHON}, -m, flask, run, --port, '\${port}']
    port: ${ports.shop}
    health: /
    metrics: false
`
    : ''
}`,
    );
  });
  afterAll(async () => {
    await qbtc(['down', '--volumes'], folder);
    outside.close();
  });

  test('come up without a line of them changed, each ready in its own way', async () => {
    const up = await qbtc(['up', '--json'], folder);
    expect(up.code, up.stderr).toBe(0);
    const seen = await parts();
    for (const name of ['web', 'worker', 'orders', 'outside', ...(flask ? ['shop'] : [])])
      expect(seen[name]).toMatchObject({ name, state: 'active' });
    expect(seen.outside).toMatchObject({ provider: 'external', reason: expect.stringContaining('adopted') });
    expect(seen.outside?.details).toEqual([
      { name: 'db', well: true, said: 'UP' },
      { name: 'mail', well: false, said: 'DOWN' },
    ]);
    expect(seen.worker).toMatchObject({ ports: [] });
    expect(asked).toBeGreaterThan(0);
    // The server is a grandchild of what was started.
    const { pid, by } = await hello();
    expect(by).toBe('of a file');
    expect(pid).not.toBe(seen.web?.pid);
    expect((await fetch(`http://127.0.0.1:${ports.gateway}/outside`)).status).toBe(200);
    expect(await qbtc(['up', '--json'], folder)).toMatchObject({ code: 0 });
  });

  test('are found, and told to be theirs by the process that holds the port, whatever they call themselves', async () => {
    const { stdout } = await qbtc(['discover', '--json'], folder);
    const { services } = JSON.parse(stdout) as { services: { name: string; condition: string }[] };
    const conditions = Object.fromEntries(services.map(({ name, condition }) => [name, condition]));
    expect(conditions).toMatchObject({
      web: 'healthy',
      worker: 'healthy',
      orders: 'healthy',
      outside: 'healthy',
    });
  });

  test('have the whole score, as they do all that is declared, and are told what more they could declare', async () => {
    const score = JSON.parse((await qbtc(['score', '--json'], folder)).stdout) as {
      undeclared: { code: string; subjects: string[]; brings: number }[];
    };
    expect(score).toMatchObject({ profile: 'foreign', total: 100, max: 100, failures: [], notMeasured: [] });
    const undeclared = new Map(score.undeclared.map((each) => [each.code, each]));
    expect(undeclared.get('CONNECTIVITY_HOP')).toMatchObject({ subjects: ['foreign'] });
    expect(undeclared.get('TOPOLOGY_IN_SYNC')).toMatchObject({ subjects: ['foreign'] });
    expect(undeclared.get('MONITORING_METRICS')?.subjects).toContain('worker');
    const asked = await qbtc(['score', '--min', '100', '--markdown'], folder);
    expect(asked.code, asked.stdout).toBe(0);
    expect(asked.stdout).toContain('by the profile foreign');
  });

  test('a server whose parents live on is missed when it ends, and all of it is ended', async () => {
    const { pid } = await hello();
    process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await hello().catch(() => undefined))?.pid ?? pid).not.toBe(pid);
    const again = (await hello()).pid;
    expect((await qbtc(['stop', 'web'], folder)).code).toBe(0);
    // Where nobody reaps, what has ended still has its number.
    expect(startTimeOf(again)).toBeUndefined();
  });

  test('a worker is not run twice by hand, and a program beside it is not taken for it', async () => {
    const twice = await qbtc(['exec', 'worker'], folder);
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('qbtc stop worker')]);
    const beside = startQbtc(['exec', 'worker', '--', 'node', '-e', BESIDE], folder);
    await expect.poll(() => beside.stdout()).toContain('amqp://');
    expect((await parts()).worker).toMatchObject({ state: 'active', provider: 'process' });
    beside.child.kill('SIGTERM');
    await expect.poll(() => beside.child.exitCode).not.toBeNull();
  });

  test('what is adopted is neither stopped nor started', async () => {
    for (const args of [
      ['stop', 'outside'],
      ['restart', 'outside'],
      ['exec', 'outside'],
    ]) {
      const refused = await qbtc(args, folder);
      expect(refused.code, refused.stderr).toBe(64);
    }
    const down = await qbtc(['down', '--json'], folder);
    expect(JSON.parse(down.stdout).stopped).not.toContain('outside');
    expect(outside.listening).toBe(true);
  });

  test.skipIf(!flask)(
    `a port that stands in the code is named, with what to do${flask ? '' : ` (skipped: ${noFlask})`}`,
    async () => {
      await write('shop/fixed.py', `${FLASK['shop/app.py']}\napp.run(port=${ports.extra})\n`);
      const text = await readFile(join(folder, 'qbtc.yaml'), 'utf8');
      const fixed = `  fixed: { path: shop, command: [${PYTHON}, fixed.py], port: ${ports.shop}, health: /, metrics: false }\n`;
      await write(
        'qbtc.yaml',
        text.replace(/ports: \{ extra: \d+ \}/, 'ports: {}').replace(/ {2}shop:[\s\S]*$/, fixed),
      );
      const up = await qbtc(['up', 'fixed', '--timeout', '3'], folder);
      // Long lines are broken where they end.
      const said = up.stderr.replaceAll(/\s+/g, ' ');
      expect(up.code).toBe(4);
      expect(said).toContain(`it listens on port ${ports.extra}, not on ${ports.shop}`);
      expect(said).toContain(`write port: ${ports.extra} for services.fixed`);
      expect((await parts()).fixed?.reason).toContain(
        `it listens on port ${ports.extra}, not on ${ports.shop}`,
      );
      await write('qbtc.yaml', text);
    },
  );

  test('what is to run already and does not is said with its address', async () => {
    await new Promise((resolve) => outside.close(resolve));
    const up = await qbtc(['up', 'outside', '--timeout', '2'], folder);
    expect(up.code).not.toBe(0);
    expect(up.stderr).toContain('outside');
    expect(up.stderr).toContain('ECONNREFUSED');
  });
});
