import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import { describe, expect, it } from 'vitest';
import type { Harness } from '../harness.ts';

export function access(harness: Harness): void {
  const api = harness.management.bind(harness);
  const password = randomUUID();
  /** A new account, with a permission in `/` where one is given. */
  const account = async (permission?: object, tags = '') => {
    const user = `u-${randomUUID().slice(0, 8)}`;
    expect(await api('PUT', `/users/${user}`, { password, tags })).toMatchObject({ status: 201 });
    if (permission) expect((await api('PUT', `/permissions/%2F/${user}`, permission)).status).toBe(201);
    return user;
  };
  const newVhost = async () => {
    const vhost = `v-${randomUUID().slice(0, 8)}`;
    expect(await api('PUT', `/vhosts/${vhost}`, {})).toMatchObject({ status: 201 });
    return vhost;
  };
  const limited = { configure: '^c', write: '^w', read: '^r' };

  describe('virtual hosts', () => {
    it('are created, described, shown and deleted', async () => {
      const vhost = await newVhost();
      expect((await api('PUT', `/vhosts/${vhost}`, { description: 'd', tags: 'a,b' })).status).toBe(204);
      expect((await api('GET', `/vhosts/${vhost}/permissions`)).body).toEqual([
        { vhost, user: harness.broker.user, configure: '.*', write: '.*', read: '.*' },
      ]);
      expect((await api('GET', `/exchanges/${vhost}`)).body).toHaveLength(7);
      expect((await api('DELETE', `/vhosts/${vhost}`)).status).toBe(204);
      expect((await api('DELETE', `/vhosts/${vhost}`)).status).toBe(404);
      expect((await api('GET', `/exchanges/${vhost}`)).status).toBe(404);
    });

    it('keep their queues apart', async () => {
      const vhost = await newVhost();
      const name = harness.queueName();
      const here = await (await harness.connect()).createChannel();
      const there = await (await harness.connect({ vhost })).createConfirmChannel();
      await here.assertQueue(name);
      await there.assertQueue(name, { durable: false });
      there.sendToQueue(name, Buffer.from('x'));
      await there.waitForConfirms();
      expect((await here.checkQueue(name)).messageCount).toBe(0);
      expect((await there.checkQueue(name)).messageCount).toBe(1);
      await api('DELETE', `/vhosts/${vhost}`);
    });

    it('send their clients away when they are deleted', async () => {
      const vhost = await newVhost();
      const connection = await harness.connect({ vhost });
      const error = new Promise<Error>((resolve) => connection.once('close', resolve));
      await api('DELETE', `/vhosts/${vhost}`);
      // RabbitMQ says either, as it goes down first.
      expect((await error).message).toMatch(
        new RegExp(`CONNECTION_FORCED - vhost '${vhost}' is (deleted|down)`),
      );
    });

    it('hold no more queues than they may', async () => {
      const vhost = await newVhost();
      const limit = (name: string, body: object) => api('PUT', `/vhost-limits/${vhost}/${name}`, body);
      expect((await limit('max-queues', { value: 1 })).status).toBe(204);
      expect((await api('GET', `/vhost-limits/${vhost}`)).body).toEqual([
        { vhost, value: { 'max-queues': 1 } },
      ]);
      expect((await api('PUT', `/queues/${vhost}/one`, { durable: true })).status).toBe(201);
      expect(await api('PUT', `/queues/${vhost}/two`, { durable: true })).toMatchObject({
        status: 400,
        body: {
          error: 'bad_request',
          reason: `cannot declare queue 'two': queue limit in vhost '${vhost}' (1) is reached`,
        },
      });
      expect(await limit('bogus', { value: 1 })).toMatchObject({
        status: 400,
        body: { reason: 'Validation failed\n\nUnrecognised terms [{<<"bogus">>,1}] in limits\n' },
      });
      expect(await limit('max-queues', { value: 'x' })).toMatchObject({
        status: 400,
        body: { reason: 'Validation failed\n\nmax-queues should be a number, actually was <<"x">>\n' },
      });
      expect((await api('DELETE', `/vhost-limits/${vhost}/max-queues`)).status).toBe(204);
      expect((await api('PUT', `/queues/${vhost}/two`, { durable: true })).status).toBe(201);
      await api('DELETE', `/vhosts/${vhost}`);
    });

    it('take no more connections than they may', async () => {
      const vhost = await newVhost();
      await api('PUT', `/vhost-limits/${vhost}/max-connections`, { value: 0 });
      await expect(harness.connect({ vhost })).rejects.toThrow('ConnectionClose');
      await api('DELETE', `/vhosts/${vhost}`);
    });
  });

  describe('users', () => {
    it('are created, changed, shown and deleted', async () => {
      const user = await account(undefined, 'management');
      expect(await api('PUT', `/users/${user}`, { password, tags: ['monitoring'] })).toMatchObject({
        status: 204,
      });
      expect((await api('GET', `/users/${user}`)).body).toMatchObject({
        name: user,
        tags: ['monitoring'],
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        password_hash: expect.stringMatching(/^[A-Za-z0-9+/]{48}$/),
      });
      expect(await api('PUT', `/users/${user}`, {})).toMatchObject({
        status: 400,
        body: { error: 'bad_request', reason: 'tags_not_present' },
      });
      expect((await api('DELETE', `/users/${user}`)).status).toBe(204);
      expect((await api('GET', `/users/${user}`)).status).toBe(404);
      expect((await api('DELETE', `/users/${user}`)).status).toBe(404);
    });

    it('log in by a hash that was made elsewhere, and not without a password', async () => {
      const user = await account({ configure: '', write: '', read: '' });
      const { password_hash } = (await api('GET', `/users/${user}`)).body as { password_hash: string };
      await api('PUT', `/users/${user}`, { tags: '' });
      await expect(harness.connect({ user, password: '' })).rejects.toThrow(/ACCESS-REFUSED/);
      await api('PUT', `/users/${user}`, { password_hash, tags: '' });
      await harness.connect({ user, password });
      await api('DELETE', `/users/${user}`);
    });

    it('cannot open a virtual host without a permission', async () => {
      const user = await account();
      await expect(harness.connect({ user, password })).rejects.toThrow('ConnectionClose');
      await api('DELETE', `/users/${user}`);
    });

    it('are told apart by their tags', async () => {
      const bearer = async (tags: string) => {
        const user = await account(undefined, tags);
        const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
        return async (path: string) => {
          const url = `${harness.broker.managementUrl}/api${path}`;
          const response = await fetch(url, { headers: { authorization } });
          return { status: response.status, body: (await response.json()) as { reason?: string } };
        };
      };
      const refused = (reason: string) => ({ status: 401, body: { error: 'not_authorised', reason } });
      const nobody = await bearer('');
      expect(await nobody('/whoami')).toEqual(refused('Not management user'));
      const manager = await bearer('management');
      expect((await manager('/whoami')).status).toBe(200);
      expect(await manager('/vhosts')).toEqual({ status: 200, body: [] });
      expect(await manager('/queues')).toEqual({ status: 200, body: [] });
      expect(await manager('/queues/%2F')).toEqual(refused('User not authorised to access virtual host'));
      expect(await manager('/nodes')).toEqual(refused('Not monitor user'));
      expect(await manager('/users')).toEqual(refused('Not administrator user'));
      const monitor = await bearer('monitoring');
      expect(await monitor('/queues/%2F')).toEqual(refused('User not authorised to access virtual host'));
      expect((await monitor('/nodes')).status).toBe(200);
      const administrator = await bearer('administrator');
      expect((await administrator('/queues/%2F')).status).toBe(200);
    });
  });

  describe('permissions', () => {
    it('are given, shown and taken', async () => {
      const user = await account(limited);
      const path = `/permissions/%2F/${user}`;
      const shown = { user, vhost: '/', ...limited };
      expect((await api('GET', path)).body).toEqual(shown);
      expect((await api('GET', `/users/${user}/permissions`)).body).toEqual([shown]);
      expect((await api('PUT', path, limited)).status).toBe(204);
      expect(await api('PUT', path, { configure: '', write: '' })).toMatchObject({
        status: 400,
        body: { reason: '[{key_missing,read}]' },
      });
      expect((await api('PUT', path, { ...limited, read: '(' })).status).toBe(400);
      expect(await api('PUT', `/permissions/no-such/${user}`, limited)).toMatchObject({
        status: 400,
        body: { reason: 'vhost_or_user_not_found' },
      });
      expect((await api('DELETE', path)).status).toBe(204);
      expect((await api('GET', path)).status).toBe(404);
    });

    it.each<[string, (channel: Channel) => unknown, string]>([
      ['to declare a queue', (channel) => channel.assertQueue('nq'), "queue 'nq'"],
      [
        'to give a queue a dead-letter exchange',
        (channel) => channel.assertQueue('cq', { exclusive: true, deadLetterExchange: 'nx' }),
        "queue 'cq'",
      ],
      ['to delete a queue', (channel) => channel.deleteQueue('nq'), "queue 'nq'"],
      ['to purge a queue', (channel) => channel.purgeQueue('wq'), "queue 'wq'"],
      ['to bind a queue', (channel) => channel.bindQueue('rq', 'rx', 'k'), "queue 'rq'"],
      ['to bind to an exchange', (channel) => channel.bindQueue('wq', 'wx', 'k'), "exchange 'wx'"],
      ['to unbind a queue', (channel) => channel.unbindQueue('rq', 'rx', 'k'), "queue 'rq'"],
      ['to declare an exchange', (channel) => channel.assertExchange('nx', 'topic'), "exchange 'nx'"],
      [
        'to give an exchange an alternate',
        (channel) => channel.assertExchange('cx', 'topic', { alternateExchange: 'nx', autoDelete: true }),
        "exchange 'cx'",
      ],
      ['to delete an exchange', (channel) => channel.deleteExchange('nx'), "exchange 'nx'"],
      ['to bind an exchange', (channel) => channel.bindExchange('nx', 'rx', 'k'), "exchange 'nx'"],
      ['to publish', (channel) => channel.publish('nx', 'k', Buffer.from('x')), "exchange 'nx'"],
      [
        'to publish by the name of a queue',
        (channel) => channel.sendToQueue('wq', Buffer.from('x')),
        "exchange 'amq.default'",
      ],
      ['to fetch', (channel) => channel.get('wq'), "queue 'wq'"],
      ['to consume', (channel) => channel.consume('wq', () => undefined), "queue 'wq'"],
    ])('are needed %s', async (_, action, resource) => {
      const user = await account(limited);
      const closed = await harness.closedBy(action, { user, password });
      expect(closed).toMatchObject({
        scope: 'channel',
        code: 403,
        text: `ACCESS_REFUSED - access to ${resource} in vhost '/' refused for user '${user}'`,
      });
      await api('DELETE', `/users/${user}`);
    });

    it('let do what they allow', async () => {
      const user = await account(limited);
      const names = {
        c: `c${harness.queueName()}`,
        w: `w${harness.queueName()}`,
        r: `r${harness.queueName()}`,
      };
      for (const name of Object.values(names)) await api('PUT', `/queues/%2F/${name}`, { auto_delete: true });
      await api('PUT', `/exchanges/%2F/w${names.r}`, { type: 'fanout', auto_delete: true });
      const channel = await (await harness.connect({ user, password })).createChannel();
      await channel.assertQueue(names.c, { durable: false, autoDelete: true });
      await channel.checkQueue(names.w);
      await channel.get(names.r);
      await channel.purgeQueue(names.r);
      channel.publish(`w${names.r}`, '', Buffer.from('x'));
      await channel.checkExchange('amq.topic');
      await channel.close();
      for (const name of Object.values(names)) await api('DELETE', `/queues/%2F/${name}`);
      await api('DELETE', `/exchanges/%2F/w${names.r}`);
      await api('DELETE', `/users/${user}`);
    });
  });
}
