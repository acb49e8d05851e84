import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqp from 'amqplib';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningBroker, startBroker } from '../../../../src/embedded/broker/broker.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-broker-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataFolder?: string) {
  const account = { user: 'tester', password: 'secret', vhost: 'stack' };
  const running: RunningBroker = await startBroker(
    { host: '127.0.0.1', port: 0, managementPort: 0, ...account, dataFolder },
    () => undefined,
  );
  let closed = false;
  const close = async () => {
    if (!closed) await running.close();
    closed = true;
  };
  ends.push(close);
  const api = async (method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${running.managementPort}/api${path}`, {
      method,
      headers: { authorization: `Basic ${Buffer.from('tester:secret').toString('base64')}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  };
  const connect = async (user = 'tester', password = 'secret', vhost = 'stack') => {
    const connection = await amqp.connect(`amqp://${user}:${password}@127.0.0.1:${running.port}/${vhost}`);
    connection.on('error', () => undefined);
    ends.push(() => connection.close().catch(() => undefined));
    return connection;
  };
  return { api, connect, close };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('what an operator has set up', () => {
  it('is there after a restart: virtual hosts with what is in them, accounts, permissions, policies, limits', async () => {
    const folder = await newFolder();
    const first = await start(folder);
    await first.api('PUT', '/vhosts/other', { description: 'd' });
    await first.api('PUT', '/users/bob', { password: 'x', tags: 'management' });
    await first.api('PUT', '/permissions/other/bob', { configure: '^q', write: '.*', read: '.*' });
    await first.api('PUT', '/policies/other/p', { pattern: '^q', definition: { 'max-length': 1 } });
    await first.api('PUT', '/vhost-limits/other/max-queues', { value: 1 });
    const channel = await (await first.connect('bob', 'x', 'other')).createConfirmChannel();
    await channel.assertQueue('q', { durable: true });
    channel.sendToQueue('q', Buffer.from('kept'), { persistent: true });
    await channel.waitForConfirms();
    const before = await first.api('GET', '/definitions');
    await first.close();

    const second = await start(folder);
    const { users, ...rest } = before;
    // The password of the broker's own account comes with its configuration, and is hashed anew.
    const after = await second.api('GET', '/definitions');
    expect(after).toMatchObject(rest);
    expect(after.users).toContainEqual(users.find(({ name }: { name: string }) => name === 'bob'));
    expect(after.policies).toHaveLength(1);
    const again = await (await second.connect('bob', 'x', 'other')).createChannel();
    expect((await again.checkQueue('q')).messageCount).toBe(1);
    again.sendToQueue('q', Buffer.from('newer'), { persistent: true });
    await sleep(50);
    const message = await again.get('q', { noAck: true });
    expect(message === false ? undefined : message.content.toString()).toBe('newer');
    await expect(again.assertQueue('q2')).rejects.toThrow('queue limit in vhost');
  });

  it('ends with its virtual host, files included', async () => {
    const folder = await newFolder();
    const first = await start(folder);
    await first.api('PUT', '/vhosts/other', {});
    await first.api('PUT', '/queues/other/q', { durable: true });
    await first.api('DELETE', '/vhosts/other');
    await first.api('PUT', '/vhosts/other', {});
    expect(await first.api('GET', '/queues/other')).toEqual([]);
    await first.close();
    const second = await start(folder);
    expect(await second.api('GET', '/queues/other')).toEqual([]);
  });
});

describe('the file of the definitions', () => {
  it('is refused when it is cut, empty, changed or missing; without it one starts with the word of the user', async () => {
    const folder = await newFolder();
    const first = await start(folder);
    await first.api('PUT', '/users/bob', { password: 'x', tags: '' });
    await first.close();
    const path = join(folder, 'definitions.json');
    const whole = await readFile(path);
    const flipped = Buffer.from(whole);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    const cuts = [-3, -11, -40].map((end) => whole.subarray(0, end));
    const others = ['{}', 'null', '[]', '{"vhosts":[null],"accounts":[],"grants":[]}'].map((text) =>
      Buffer.from(text),
    );
    for (const bytes of [...cuts, ...others, Buffer.alloc(0), flipped, undefined]) {
      if (bytes === undefined) await rm(path);
      else await writeFile(path, bytes);
      await expect(start(folder)).rejects.toMatchObject({
        code: 'BROKER_DATA_DAMAGED',
        message: expect.stringContaining('definitions.json'),
        hint: expect.stringContaining('qbtc up --accept-loss'),
      });
    }
    await writeFile(path, flipped);
    await writeFile(join(folder, 'accept-loss'), '');
    const second = await start(folder);
    expect(await second.api('GET', '/users')).toHaveLength(1);
    expect(await readFile(join(folder, 'damaged-1', 'definitions.json'))).toEqual(flipped);
    await second.close();
    // The word counts for what was lost: the next start misses it no more.
    const third = await start(folder);
    expect(await third.api('GET', '/users')).toHaveLength(1);
    await third.close();
    // As qbtc 0.1.0 wrote it: without a checksum.
    await writeFile(path, whole.toString().split('\t')[0] ?? '');
    const fourth = await start(folder);
    expect(await fourth.api('GET', '/users/bob')).toMatchObject({ name: 'bob' });
  });
});

describe('definitions that the disk refuses', () => {
  it('are written as soon as it takes them: they are in force', async () => {
    const folder = await newFolder();
    const first = await start(folder);
    const path = join(folder, 'definitions.json');
    await mkdir(path);
    expect(await first.api('PUT', '/vhosts/other', {})).toMatchObject({ error: 'resource_error' });
    await rm(path, { recursive: true });
    await expect.poll(() => readFile(path, 'utf8')).toContain('other');
    await first.close();
    expect(await (await start(folder)).api('GET', '/vhosts')).toHaveLength(2);
  });
});

describe('the files of a virtual host', () => {
  it.each([
    ['its folder is gone', 'vhosts', true],
    ['its folder is empty', 'vhosts', false],
    ['the broker has its own no more', 'own', false],
  ])('are missed when %s, and no more with the word of the user', async (_, which, withFolder) => {
    const folder = await newFolder();
    const first = await start(folder);
    await first.api('PUT', '/vhosts/other', {});
    await first.api('PUT', `/queues/${which === 'own' ? 'stack' : 'other'}/q`, { durable: true });
    await first.close();
    const [name = ''] = await readdir(join(folder, 'vhosts'));
    const robbed = which === 'own' ? folder : join(folder, 'vhosts', name);
    for (const file of ['extent', 'journal-00000001']) await rm(join(robbed, file));
    if (withFolder) await rm(robbed, { recursive: true });
    await expect(start(folder)).rejects.toMatchObject({
      code: 'BROKER_DATA_DAMAGED',
      message: expect.stringContaining(`${join(robbed, 'journal-00000001')} is missing`),
      hint: expect.stringContaining('qbtc up --accept-loss'),
    });
    await writeFile(join(folder, 'accept-loss'), '');
    const second = await start(folder);
    expect(await second.api('GET', '/queues')).toEqual([]);
    await second.close();
    const third = await start(folder);
    expect(await third.api('GET', '/vhosts')).toHaveLength(2);
  });
});

describe('dead letters of a quorum queue at least once', () => {
  it('are kept until there is a queue for them', async () => {
    const broker = await start();
    const channel = await (await broker.connect()).createConfirmChannel();
    await channel.assertExchange('dead', 'fanout');
    await channel.assertQueue('q', {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-dead-letter-exchange': 'dead',
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    });
    channel.sendToQueue('q', Buffer.from('x'), { expiration: '1' });
    await channel.waitForConfirms();
    await sleep(50);
    expect((await broker.api('GET', '/queues/stack/q')).messages).toBe(1);
    expect((await channel.checkQueue('q')).messageCount).toBe(0);
    await channel.assertQueue('cemetery');
    await channel.bindQueue('cemetery', 'dead', '');
    await expect.poll(async () => (await channel.checkQueue('cemetery')).messageCount).toBe(1);
    expect((await broker.api('GET', '/queues/stack/q')).messages).toBe(0);
  });
});
