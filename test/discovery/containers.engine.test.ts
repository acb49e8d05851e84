import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Discovery, FoundService, ServiceChange } from '../../src/model/discovery.ts';
import { startEngine, type TestEngine } from '../support/docker/engine.ts';
import { buildNodeImage } from '../support/docker/images.ts';
import { run } from '../support/docker/run.ts';
import { editStack, newStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc, startQbtc } from '../support/qbtc.ts';

const started = await startEngine();
const engine: TestEngine | undefined = 'unavailable' in started ? undefined : started;
const reason = 'unavailable' in started ? started.unavailable : '';
const IMAGE = 'qbtc-test/node:1';
const NETWORK = 'qbtc-test-net';
const GRACE_S = 3;
const DRAIN_S = 1;

/** Listens on 3000 and answers as NAME; `/die` ends it as a crash does, `UNWELL` makes its health document say so. */
const SERVER = `
const { NAME, UNWELL, LISTEN = '3000' } = process.env;
for (const port of LISTEN.split(','))
  require('node:http').createServer((request, response) => {
    if (request.url === '/die') process.exit(3);
    const status = request.url === '/health' && UNWELL ? 500 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ service: NAME, path: request.url, host: require('node:os').hostname() }));
  }).listen(Number(port));
process.on('SIGTERM', () => process.exit(0));
`;

describe.skipIf(engine === undefined)(
  `containers of a real engine${reason === '' ? '' : ` (skipped: ${reason})`}`,
  () => {
    let root = '';
    let gatewayUrl = '';
    let takeDown = async () => {};
    const env = () => engine?.env ?? {};

    const docker = async (...args: string[]) => {
      const ended = await run('docker', args, { env: { ...process.env, ...env() } });
      if (ended.exitCode !== 0) throw new Error(`docker ${args[0]}: ${ended.stderr}`);
      return ended.stdout.trim();
    };
    /** Starts a container; what it is labelled with, and what it does, is said in `options`. */
    const container = (
      name: string,
      options: {
        labels?: Record<string, string>;
        args?: string[];
        env?: Record<string, string>;
        command?: string[];
      },
    ) =>
      docker(
        'run',
        '--detach',
        ...['--name', name, '--env', `NAME=${name}`],
        ...Object.entries(options.labels ?? {}).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
        ...Object.entries(options.env ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...(options.args ?? []),
        IMAGE,
        ...(options.command ?? ['node', '-e', SERVER]),
      );
    const remove = (...names: string[]) => docker('rm', '--force', '--volumes', ...names);
    const look = async (...args: string[]): Promise<Discovery> =>
      JSON.parse((await qbtc(['discover', '--json', ...args], root, env())).stdout);
    const named = async (name: string): Promise<FoundService[]> =>
      (await look()).services.filter((service) => service.name === name);
    const ask = async (path: string) => {
      try {
        // What is on its way to a container that has just died waits for an answer of the network.
        const response = await fetch(`${gatewayUrl}${path}`, { signal: AbortSignal.timeout(1000) });
        return { status: response.status, body: await response.text() };
      } catch {
        return { status: 0, body: '' };
      }
    };
    const until = async <T>(what: string, get: () => Promise<T | undefined | false>): Promise<T> => {
      const end = Date.now() + 20_000;
      for (;;) {
        const found = await get();
        if (found) return found;
        if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
        await sleep(25);
      }
    };

    beforeAll(async () => {
      [root, takeDown] = await newStack('dock');
      await editStack(root, (file) => {
        file.set('discovery', { plugins: {}, grace: GRACE_S, drain: DRAIN_S, resync: 5 });
      });
      const problem = await buildNodeImage(engine as TestEngine, IMAGE);
      expect(problem).toBeUndefined();
      await docker('network', 'create', NETWORK);
      const up = await qbtc(['up'], root);
      expect(up.code, up.stderr).toBe(0);
      const gateway = (await openStackAt(root)).resources.find(({ kind }) => kind === 'apisix');
      gatewayUrl = gateway?.endpoint.url ?? '';
    }, 300_000);
    afterAll(async () => {
      await takeDown();
      await engine?.stop();
    }, 300_000);

    test('containers in every state are found, and what is wrong with their labels is said', async () => {
      const service = { 'qbtc.service': 'true' };
      await container('orders', {
        labels: { ...service, 'qbtc.path': '/orders', 'qbtc.version': '2.1' },
        args: ['--publish', '127.0.0.1::3000'],
      });
      await container('pair-a', {
        labels: { ...service, 'qbtc.name': 'pair', 'qbtc.port': '3000', 'qbtc.weight': '3' },
        args: ['--network', NETWORK],
        env: { NAME: 'pair' },
      });
      await container('pair-b', {
        labels: { ...service, 'qbtc.name': 'pair', 'qbtc.port': '3000' },
        args: ['--network', NETWORK],
        env: { NAME: 'pair' },
      });
      await container('sick', { labels: { ...service, 'qbtc.port': '3000' }, env: { UNWELL: '1' } });
      await container('starting', {
        labels: { ...service, 'qbtc.port': '3000' },
        args: ['--health-cmd', 'false', '--health-interval', '60s'],
        command: ['node', '-e', 'setTimeout(() => {}, 600000)'],
      });
      await container('restarting', {
        labels: { ...service, 'qbtc.port': '3000' },
        args: ['--restart', 'always'],
        command: ['node', '-e', 'process.exit(1)'],
      });
      await container('portless', { labels: service });
      await container('two-ports', {
        labels: service,
        args: ['--expose', '3000', '--expose', '3001'],
        env: { LISTEN: '3000,3001' },
      });
      await container('typo', { labels: { ...service, 'qbtc.prot': '3000', 'qbtc.port': '99999' } });
      await container('forgot', { labels: { 'qbtc.servce': 'true' } });
      await container('thief', {
        labels: { ...service, 'qbtc.name': 'llm-api', 'qbtc.port': '3000' },
        env: { NAME: 'llm-api' },
      });
      await container('squatter', {
        labels: { ...service, 'qbtc.port': '3000', 'qbtc.path': '/orders' },
      });
      await until('orders', async () => (await named('orders'))[0]?.condition === 'healthy');
      const discovery = await look();
      // Another stack on this machine may have services of the same names: those nobody vouches for.
      const by = (name: string) =>
        discovery.services.filter((each) => each.name === name && each.origin !== 'guessed');

      expect(by('orders')).toMatchObject([
        {
          origin: 'labelled',
          condition: 'healthy',
          route: { from: 'label', uris: ['/orders', '/orders/*'] },
        },
      ]);
      expect(by('orders')[0]?.instances[0]?.version).toBe('2.1');
      expect(by('orders')[0]?.sources).toEqual(expect.arrayContaining(['docker', 'ports', 'health']));
      expect(
        by('pair')[0]
          ?.instances.map(({ weight }) => weight)
          .sort(),
      ).toEqual([1, 3]);
      expect(by('sick')[0]).toMatchObject({ condition: 'unhealthy' });
      expect(by('starting')[0]).toMatchObject({ condition: 'starting' });
      // Between two restarts it runs for a moment.
      await until('the container that is started again and again', async () =>
        (await named('restarting')).some(({ condition }) => condition === 'restarting'),
      );
      expect(by('portless')[0]).toMatchObject({ route: null, unrouted: expect.stringContaining('no port') });
      expect(by('two-ports')[0]?.unrouted).toContain('3000 and 3001');
      expect(by('typo')[0]).toMatchObject({ unrouted: expect.stringContaining('expected a port') });
      expect(by('forgot')).toEqual([]);
      expect(by('llm-api').map(({ origin, route }) => [origin, route === null])).toEqual([
        ['declared', false],
        ['labelled', true],
      ]);
      expect(by('squatter')[0]?.unrouted).toBe('the path /orders belongs to orders');
      expect(discovery.findings.map(({ code, subject }) => `${code} ${subject}`)).toEqual(
        expect.arrayContaining([
          'unknown-label container typo',
          'bad-label container typo',
          'unknown-label container forgot',
          'no-port container portless',
          'no-port container two-ports',
          'name-taken container thief',
          'path-taken squatter',
        ]),
      );
      expect(discovery.findings.find(({ subject }) => subject === 'container forgot')?.fix).toContain(
        'qbtc.service',
      );
    });

    test('they are registered, the sick ones with an honest 503, and nothing that is not ours is touched', async () => {
      const admin = (await openStackAt(root)).resources.find(({ kind }) => kind === 'apisix')?.endpoint;
      const headers = { 'x-api-key': String(admin?.adminKey), 'content-type': 'application/json' };
      const foreign = `${admin?.managementUrl}/apisix/admin/routes/somebody`;
      const body = { uri: '/sick', upstream: { type: 'roundrobin', nodes: { '127.0.0.1:1': 1 } } };
      await fetch(foreign, { method: 'PUT', headers, body: JSON.stringify(body) });

      const dry = await qbtc(['discover', '--register', '--dry-run', '--json'], root, env());
      expect(JSON.parse(dry.stdout).changes.length).toBeGreaterThan(0);
      expect((await ask('/orders/7')).status).toBe(404);

      const { stdout } = await qbtc(['discover', '--register', '--json'], root, env());
      const done = JSON.parse(stdout);
      expect(done.announced).toContainEqual(
        expect.objectContaining({ key: 'service.registered', name: 'orders' }),
      );
      expect(await ask('/orders/7')).toMatchObject({
        status: 200,
        body: expect.stringContaining('/orders/7'),
      });
      // The service does not know the path that was made up for it.
      expect(await ask('/api/pair/x')).toMatchObject({ status: 200, body: expect.stringContaining('"/x"') });
      const hosts = new Set<string>();
      for (let index = 0; index < 20; index += 1) hosts.add(JSON.parse((await ask('/api/pair/x')).body).host);
      expect(hosts.size).toBe(2);
      expect((await ask('/api/sick')).status).toBe(503);
      expect((await ask('/api/llm-api')).status).toBe(404);
      expect(await (await fetch(foreign, { headers })).json()).toMatchObject({ value: { uri: '/sick' } });

      const again = JSON.parse((await qbtc(['discover', '--register', '--json'], root, env())).stdout);
      expect(again).toMatchObject({ changes: [], announced: [] });
      // What discovery has made is nothing that `routes sync` would miss.
      expect((await qbtc(['routes', 'diff', '--prune'], root)).code).toBe(0);
    });

    test('what is gone is taken back', async () => {
      await docker('stop', 'orders', 'squatter');
      await remove('pair-b');
      const { stdout } = await qbtc(['discover', '--register', '--json'], root, env());
      const said = JSON.parse(stdout).announced.map(
        ({ key, name }: { key: string; name: string }) => `${key} ${name}`,
      );
      expect(said).toEqual(expect.arrayContaining(['service.gone orders', 'service.gone pair']));
      expect((await ask('/orders/7')).status).toBe(404);
      expect((await ask('/api/pair/x')).status).toBe(200);
      await remove(...(await docker('ps', '--all', '--format', '{{.Names}}')).split('\n'));
    });

    describe('watched', () => {
      let watching: ReturnType<typeof startQbtc>;
      const changes = (): ServiceChange[] =>
        watching
          .stdout()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line));
      const change = (what: ServiceChange['change'], service: string, after = 0) =>
        until(`${service} ${what}`, async () =>
          changes().find((each, index) => index >= after && each.change === what && each.service === service),
        );
      beforeAll(async () => {
        watching = startQbtc(['discover', '--watch', '--register', '--json'], root, env());
        await until('the first look', async () => watching.stdout().includes('appeared'));
      });
      afterAll(async () => {
        watching.child.kill('SIGINT');
        const { code, stderr } = await watching.ended;
        expect(code, stderr).toBe(130);
      });
      const labels = (name: string) => ({
        'qbtc.service': 'true',
        'qbtc.name': name,
        'qbtc.port': '3000',
      });

      test('a container that starts is routed, one that is stopped is drained', async () => {
        await container('fresh', { labels: labels('fresh') });
        await until('its route', async () => (await ask('/api/fresh/x')).status === 200);
        // What somebody else has broken is mended at the next resync.
        const admin = (await openStackAt(root)).resources.find(({ kind }) => kind === 'apisix')?.endpoint;
        const headers = { 'x-api-key': String(admin?.adminKey) };
        const url = `${admin?.managementUrl}/apisix/admin/routes/dock.fresh`;
        expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(200);
        expect((await ask('/api/fresh/x')).status).toBe(404);
        await until('its route again', async () => (await ask('/api/fresh/x')).status === 200);
        await docker('stop', 'fresh');
        await change('draining', 'fresh');
        await change('gone', 'fresh');
        await until('no route', async () => (await ask('/api/fresh/x')).status === 404);
        await remove('fresh');
      });

      test('one that is refused is told, once', async () => {
        await container('wrong', { labels: { ...labels('wrong'), 'qbtc.plugins': '{' } });
        const refused = () => changes().filter((each) => each.change === 'refused');
        await until('the refusal', async () => refused().length > 0);
        expect(refused()[0]).toMatchObject({
          service: 'container wrong',
          reason: expect.stringContaining('qbtc.plugins: found "{", expected JSON'),
        });
        await remove('wrong');
        expect(refused()).toHaveLength(1);
      });

      test('one that crashes answers 503 for its grace, and comes back', async () => {
        await container('fragile', { labels: labels('fragile') });
        await until('its route', async () => (await ask('/api/fragile/x')).status === 200);
        await ask('/api/fragile/die');
        await change('crashed', 'fragile');
        await until('503', async () => (await ask('/api/fragile/x')).status === 503);
        await docker('start', 'fragile');
        await until('its route again', async () => (await ask('/api/fragile/x')).status === 200);
        const before = changes().length;
        await docker('kill', '--signal', 'KILL', 'fragile');
        await change('crashed', 'fragile', before);
        await change('gone', 'fragile', before);
        await until('no route', async () => (await ask('/api/fragile/x')).status === 404);
        await remove('fragile');
      });

      test('one that comes and goes is damped', async () => {
        await container('flapping', { labels: labels('flapping') });
        for (let turn = 0; turn < 4; turn += 1) {
          const before = changes().length;
          await until('it is there', async () =>
            changes()
              .slice(Math.max(0, before - 1))
              .some(
                (each) =>
                  each.service === 'flapping' && ['appeared', 'healthy', 'damped'].includes(each.change),
              ),
          );
          if (changes().some((each) => each.change === 'damped')) break;
          const crashed = changes().length;
          await docker('kill', '--signal', 'KILL', 'flapping');
          await change('crashed', 'flapping', crashed);
          await docker('start', 'flapping');
          await until('it is back', async () =>
            changes()
              .slice(crashed)
              .some((each) => each.service === 'flapping' && ['healthy', 'damped'].includes(each.change)),
          );
        }
        await change('damped', 'flapping');
        await until('503', async () => (await ask('/api/flapping/x')).status === 503);
        await remove('flapping');
      });

      test('a restart of the engine is outlived', async () => {
        await container('lasting', { labels: labels('lasting'), args: ['--restart', 'always'] });
        await until('its route', async () => (await ask('/api/lasting/x')).status === 200);
        await engine?.kill();
        await until('the loss', async () => changes().some((each) => each.change === 'source-lost'));
        await engine?.start();
        await until('the return', async () => changes().some((each) => each.change === 'source-back'));
        await until('its route', async () => (await ask('/api/lasting/x')).status === 200);
        await container('later', { labels: labels('later') });
        await until('the route of another', async () => (await ask('/api/later/x')).status === 200);
      });
    });
  },
);
