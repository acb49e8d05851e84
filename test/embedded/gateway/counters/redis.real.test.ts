import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisCounters, type RedisSettings } from '../../../../src/embedded/gateway/counters/redis.ts';
import { certificate } from '../../../support/certificate.ts';
import { installPackages } from '../../../support/docker/run.ts';
import { freePorts } from '../../../support/ports.ts';
import { countersSuite } from './suite.ts';

const REDIS = '/usr/bin/redis-server';
const missing = await installPackages(['redis-server'], REDIS);

describe.skipIf(missing !== undefined)(
  `counts in a real Redis${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let folder = '';
    let [port = 0, tlsPort = 0, clusterPort = 0] = [0, 0, 0];
    const servers: ChildProcess[] = [];
    const opened: RedisCounters[] = [];
    /** Milliseconds; buckets go by the clock of the gateways, windows by the Redis's. */
    let now = 1_700_000_000_000;
    const pass = (seconds: number) => {
      now += seconds * 1000;
      return sleep(Math.min(seconds, 1.1) * 1000 + 20);
    };
    const settings = (changes: Partial<RedisSettings> = {}): RedisSettings => ({
      redis_host: '127.0.0.1',
      redis_port: port,
      redis_password: 'p4ss',
      redis_database: 1,
      redis_timeout: 1000,
      redis_ssl: false,
      redis_ssl_verify: false,
      ...changes,
    });

    function counters(given: ConstructorParameters<typeof RedisCounters>[0]): RedisCounters {
      const made = new RedisCounters(given, () => now);
      opened.push(made);
      return made;
    }

    async function start(at: number, ...lines: string[]): Promise<void> {
      const server = spawn(REDIS, ['-'], { stdio: ['pipe', 'ignore', 'ignore'], cwd: folder });
      servers.push(server);
      server.stdin?.end(
        [`port ${at}`, 'bind 127.0.0.1', 'requirepass p4ss', 'save ""', ...lines, ''].join('\n'),
      );
      const client = new Redis({ port: at, password: 'p4ss', retryStrategy: () => 20 });
      client.on('error', () => {});
      await client.ping();
      client.disconnect();
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'qbtc-counters-'));
      [port = 0, tlsPort = 0, clusterPort = 0] = await freePorts(3);
      const { cert, key } = await certificate('localhost');
      await Promise.all([
        writeFile(join(folder, 'cert.pem'), cert),
        writeFile(join(folder, 'key.pem'), key, { mode: 0o600 }),
      ]);
      await Promise.all([
        start(
          port,
          ...[`tls-port ${tlsPort}`, 'tls-cert-file cert.pem', 'tls-key-file key.pem', 'tls-auth-clients no'],
          'user counter on >s3cret ~* +@all',
        ),
        start(
          clusterPort,
          ...['cluster-enabled yes', 'cluster-config-file nodes.conf', 'cluster-announce-ip 127.0.0.1'],
        ),
      ]);
      const node = new Redis({ port: clusterPort, password: 'p4ss' });
      await node.cluster('ADDSLOTSRANGE', 0, 16383);
      while (!String(await node.cluster('INFO')).includes('cluster_state:ok')) await sleep(20);
      node.disconnect();
    });
    afterAll(async () => {
      await Promise.all(opened.map((each) => each.close()));
      await Promise.all(
        servers.map(async (server) => {
          server.kill('SIGTERM');
          await once(server, 'exit');
        }),
      );
      await rm(folder, { recursive: true });
    });

    describe('alone', () => {
      let [one, other]: (RedisCounters | undefined)[] = [];
      countersSuite(() => {
        one ??= counters(settings());
        other ??= counters(settings({ redis_username: 'counter', redis_password: 's3cret' }));
        return { one, other, pass };
      });
    });

    describe('as a cluster', () => {
      let [one, other]: (RedisCounters | undefined)[] = [];
      const cluster = () =>
        counters({
          redis_cluster_nodes: [`127.0.0.1:${clusterPort}`],
          redis_cluster_name: 'one',
          redis_password: 'p4ss',
          redis_timeout: 1000,
          redis_cluster_ssl: false,
          redis_cluster_ssl_verify: false,
        });
      countersSuite(() => {
        one ??= cluster();
        other ??= cluster();
        return { one, other, pass };
      });
    });

    it('fail when a cluster has no node that can be reached', async () => {
      const nowhere = counters({
        redis_cluster_nodes: ['127.0.0.1:1'],
        redis_cluster_name: 'none',
        redis_timeout: 100,
        redis_cluster_ssl: false,
        redis_cluster_ssl_verify: false,
      });
      await expect(nowhere.takeWindow('l', 'k', { count: 3, seconds: 9, cost: 1 })).rejects.toThrow();
    });

    it('stand in the database and under the key that APISIX uses, and expire', async () => {
      await counters(settings()).takeWindow('plugin-limit-countshared', 'gr\xc3\xbcn', {
        count: 3,
        seconds: 9,
        cost: 1,
      });
      const client = new Redis({ port, password: 'p4ss', db: 1 });
      expect(await client.get('plugin-limit-countshared:grün')).toBe('2');
      const bucket = { rate: 1e-9, burst: 1 };
      await counters(settings()).fillBucket('plugin-limit-reqx', 'a', bucket);
      await counters(settings()).enter('plugin-limit-connx', 'a', 1);
      for (const name of await client.keys('*')) expect(await client.ttl(name), name).toBeGreaterThan(0);
      client.disconnect();
    });

    it('go over TLS, and to nobody whose certificate is not trusted where that is asked', async () => {
      const rule = { count: 3, seconds: 9, cost: 1 };
      const secure = { redis_ssl: true, redis_port: tlsPort, redis_host: 'localhost' };
      expect(await counters(settings(secure)).takeWindow('tls', 'a', rule)).toMatchObject({ remaining: 2 });
      const verifying = counters(settings({ ...secure, redis_ssl_verify: true }));
      await expect(verifying.takeWindow('tls', 'a', rule)).rejects.toThrow(/self.signed/);
    });

    it('fail in time when the Redis hangs, and ask it on a new connection afterwards', async () => {
      const sockets: Socket[] = [];
      const hanging = createServer((socket) => {
        sockets.push(socket);
        // Takes the greeting, then says nothing any more.
        if (sockets.length === 1) {
          socket.once('data', () => socket.write('+OK\r\n'.repeat(6)));
        }
      });
      hanging.listen(0, '127.0.0.1');
      await once(hanging, 'listening');
      const { port: at } = hanging.address() as { port: number };
      const waiting = counters(settings({ redis_port: at, redis_timeout: 100, redis_database: 0 }));
      const rule = { count: 3, seconds: 9, cost: 1 };
      const begun = performance.now();
      await expect(waiting.takeWindow('h', 'a', rule)).rejects.toThrow();
      await expect(waiting.takeWindow('h', 'a', rule)).rejects.toThrow();
      expect(performance.now() - begun).toBeLessThan(2000);
      expect(sockets.length).toBeGreaterThan(1);
      for (const socket of sockets) socket.destroy();
      hanging.close();
    });
  },
);
