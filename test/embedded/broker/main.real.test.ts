import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerProgram } from './program.ts';

let program: BrokerProgram;

beforeAll(async () => {
  program = await BrokerProgram.build();
});

afterAll(() => program.remove());

describe('the broker as a program', () => {
  it('serves, says goodbye to its clients on SIGTERM, and exits with 0', async () => {
    const broker = program.start();
    const connection = await broker.connect();
    const closed = new Promise<Error | undefined>((resolve) => connection.once('close', resolve));
    await connection.createChannel();
    broker.child.kill('SIGTERM');
    expect((await closed)?.message).toContain('CONNECTION_FORCED - broker is shutting down');
    expect(await broker.exit).toBe(0);
    expect(broker.lines().at(-1)?.message).toBe('ended');
    expect(broker.text()).not.toContain('secret-of-the-test');
  });

  it.each([
    'port',
    'managementPort',
  ])('says why it cannot start when its %s is taken, and exits with 1', async (port) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const taken = address !== null && typeof address === 'object' ? address.port : 0;
    const broker = program.start({ [port]: taken });
    expect(await broker.exit).toBe(1);
    expect(broker.lines().at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringContaining(`EADDRINUSE: address already in use 127.0.0.1:${taken}`),
    });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the data folder', () => {
  let dataFolder: string;

  beforeAll(async () => {
    dataFolder = join(await mkdtemp(join(tmpdir(), 'qbtc-broker-')), 'data');
  });

  afterAll(() => rm(join(dataFolder, '..'), { recursive: true, force: true }));

  it('belongs to its owner alone, and to one broker at a time', async () => {
    const first = program.start({ dataFolder });
    await first.listening;
    expect((await stat(dataFolder)).mode & 0o777).toBe(0o700);
    const names = await readdir(dataFolder);
    expect(names.sort()).toEqual(['extent', 'journal-00000001', 'lock']);
    for (const name of names) expect((await stat(join(dataFolder, name))).mode & 0o777).toBe(0o600);

    const second = program.start({ dataFolder });
    expect(await second.exit).toBe(1);
    expect(second.text()).toContain(
      `${dataFolder} is in use by the broker with process id ${first.child.pid}`,
    );

    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    expect(await readdir(dataFolder)).not.toContain('lock');
  });

  it('is taken over from a broker that was killed, even when another process has its id now', async () => {
    const first = program.start({ dataFolder });
    await first.listening;
    await first.kill();
    const lock = join(dataFolder, 'lock');
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: first.child.pid });
    const second = program.start({ dataFolder });
    await second.listening;
    await second.kill();
    await writeFile(lock, JSON.stringify({ pid: process.pid, started: 'at another time' }));
    const third = program.start({ dataFolder });
    await third.listening;
    await third.kill();
    await writeFile(lock, 'no lock of ours');
    const fourth = program.start({ dataFolder });
    // Once it answers, it listens to signals too.
    await (await fourth.connect()).close();
    fourth.child.kill('SIGTERM');
    expect(await fourth.exit).toBe(0);
  });

  it('is given to exactly one of several brokers that find a stale lock together', async () => {
    const gone = spawnSync('true').pid;
    await writeFile(join(dataFolder, 'lock'), JSON.stringify({ pid: gone, started: '1' }));
    const brokers = Array.from({ length: 4 }, () => program.start({ dataFolder }));
    const outcomes = await Promise.allSettled(brokers.map(({ listening }) => listening));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const broker of brokers) await broker.kill();
  });

  it('is not needed: without it nothing is written anywhere', async () => {
    const broker = program.start();
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('kept', { durable: true });
    channel.sendToQueue('kept', Buffer.from('x'), { persistent: true });
    await channel.waitForConfirms();
    await connection.close();
    await broker.kill();
    const next = program.start();
    const again = await next.connect();
    const probe = await again.createChannel();
    const missing = new Promise<Error>((resolve) => probe.once('error', resolve));
    await probe.checkQueue('kept').catch(() => undefined);
    expect((await missing).message).toContain("NOT_FOUND - no queue 'kept'");
    await again.close();
    await next.kill();
  });
});
