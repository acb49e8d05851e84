import { describe, expect, it } from 'vitest';
import { eventually, type Harness } from '../harness.ts';

/** Definitions as documents (https://www.rabbitmq.com/docs/definitions), and the parameters that are part of them. */
export function definitions(harness: Harness): void {
  const api = harness.management.bind(harness);
  const queue = (name: string, changes: object = {}) => ({
    name,
    vhost: '/',
    durable: true,
    auto_delete: false,
    arguments: {},
    ...changes,
  });
  const importing = (document: object, path = '') => api('POST', `/definitions${path}`, document);

  /** A virtual host of its own, deleted at the end. */
  async function inVhost(test: (name: string) => Promise<void>): Promise<void> {
    const name = harness.queueName();
    await api('PUT', `/vhosts/${name}`, {});
    try {
      await test(name);
    } finally {
      await api('DELETE', `/vhosts/${name}`);
    }
  }

  describe('definitions that are imported', () => {
    it('create what is not there, and leave what is as it is', async () => {
      const [name, exchange] = [harness.queueName(), harness.exchangeName()];
      const document: Record<string, object[]> = {
        queues: [queue(name, { arguments: { 'x-max-length': 5 } })],
        exchanges: [
          {
            name: exchange,
            vhost: '/',
            type: 'topic',
            durable: true,
            auto_delete: false,
            internal: false,
            arguments: {},
          },
        ],
        bindings: [
          {
            source: exchange,
            vhost: '/',
            destination: name,
            destination_type: 'queue',
            routing_key: 'a.#',
            arguments: { k: 1 },
          },
        ],
      };
      expect(await importing(document)).toMatchObject({ status: 204, body: undefined });
      expect(await importing({ queues: [queue(name)] })).toMatchObject({ status: 204 });
      expect((await api('GET', `/queues/%2F/${name}`)).body).toMatchObject({
        arguments: { 'x-max-length': 5 },
      });
      const { body } = await api('GET', '/definitions');
      for (const [section, items] of Object.entries(document))
        expect((body as Record<string, unknown>)[section]).toEqual(expect.arrayContaining(items));
    });

    it('create accounts, virtual hosts and what they hold', async () => {
      const [user, vhost] = [harness.queueName(), harness.queueName()];
      const document = {
        users: [{ name: user, password: 'secret', tags: 'management' }],
        vhosts: [{ name: vhost, metadata: { description: 'imported', tags: [] } }],
        permissions: [{ user, vhost, configure: '.*', write: '.*', read: '.*' }],
        parameters: [{ vhost, component: 'vhost-limits', name: 'limits', value: { 'max-queues': 3 } }],
        policies: [
          {
            vhost,
            name: 'p',
            pattern: '.*',
            'apply-to': 'queues',
            definition: { 'max-length': 2 },
            priority: 1,
          },
        ],
        queues: [queue('q', { vhost })],
      };
      try {
        expect(await importing(document)).toMatchObject({ status: 204 });
        const connection = await harness.connect({ user, password: 'secret', vhost });
        await (await connection.createChannel()).checkQueue('q');
        await connection.close();
        expect((await api('GET', `/parameters/vhost-limits/${vhost}/limits`)).body).toEqual(
          document.parameters[0],
        );
        await eventually(
          () => api('GET', `/queues/${vhost}/q`),
          ({ body }) => (body as { policy: unknown }).policy === 'p',
          'the policy holds',
        );
        const exported = (await api('GET', `/definitions/${vhost}`)).body;
        expect(exported).toMatchObject({ policies: document.policies, parameters: document.parameters });
      } finally {
        await api('DELETE', `/vhosts/${vhost}`);
        await api('DELETE', `/users/${user}`);
      }
    });

    it.each(['sha256', 'sha512', 'md5'])('take passwords that were hashed with %s', async (hashing) => {
      // Salt and hash of the password `secret`, as https://www.rabbitmq.com/docs/passwords#computing-password-hash has it.
      const { createHash } = await import('node:crypto');
      const salt = Buffer.from([1, 2, 3, 4]);
      const digest = createHash(hashing).update(salt).update('secret').digest();
      const user = {
        name: harness.queueName(),
        password_hash: Buffer.concat([salt, digest]).toString('base64'),
        hashing_algorithm: `rabbit_password_hashing_${hashing}`,
        tags: ['management'],
      };
      try {
        expect(await importing({ users: [user] })).toMatchObject({ status: 204 });
        expect((await api('GET', `/users/${user.name}`)).body).toMatchObject(user);
        const authorization = `Basic ${Buffer.from(`${user.name}:secret`).toString('base64')}`;
        const response = await fetch(`${harness.broker.managementUrl}/api/whoami`, {
          headers: { authorization },
        });
        expect(response.status).toBe(200);
      } finally {
        await api('DELETE', `/users/${user.name}`);
      }
    });

    it('go into the virtual host that the path names', async () => {
      await inVhost(async (vhost) => {
        const { vhost: _, ...item } = queue('q');
        expect(await importing({ queues: [item] }, `/${vhost}`)).toMatchObject({ status: 204 });
        expect((await api('GET', `/queues/${vhost}/q`)).status).toBe(200);
      });
      expect(await importing({}, '/no-such')).toMatchObject({
        status: 404,
        body: { error: 'not_found', reason: 'vhost_not_found' },
      });
      expect(await api('GET', '/definitions/no-such')).toMatchObject({ status: 400 });
    });

    it('leave out what is the broker’s own, and bindings without ends', async () => {
      const name = harness.queueName();
      const binding = { vhost: '/', destination_type: 'queue', routing_key: 'k', arguments: {} };
      const answer = await importing({
        queues: [queue(name), queue('amq.of-the-broker')],
        bindings: [
          { ...binding, source: 'no-such', destination: name },
          { ...binding, source: '', destination: name },
        ],
        parameters: [{ vhost: '/', component: 'vhost-limits', name: 'limits', value: [] }],
        unknown_section: [1],
      });
      expect(answer).toMatchObject({ status: 204 });
      expect((await api('GET', '/queues/%2F/amq.of-the-broker')).status).toBe(404);
    });

    it.each<[string, object]>([
      ['a virtual host that is not there', { queues: [queue('q', { vhost: 'no-such' })] }],
      ['an argument that is wrong', { queues: [queue('q', { arguments: { 'x-message-ttl': -1 } })] }],
      ['an unknown type of exchange', { exchanges: [{ ...queue('x'), type: 'no-such' }] }],
      [
        'a setting that no policy has',
        { policies: [{ vhost: '/', name: 'p', pattern: '', definition: { a: 1 } }] },
      ],
      ['a hash that is none', { users: [{ name: 'u', password_hash: 'abc', tags: '' }] }],
      ['a user without tags', { users: [{ name: 'u', password: 'x' }] }],
      [
        'a parameter of an unknown component',
        { parameters: [{ vhost: '/', component: 'c', name: 'n', value: {} }] },
      ],
    ])('are refused with %s', async (_, document) => {
      expect(await importing(document)).toMatchObject({ status: 400, body: { error: 'bad_request' } });
    });

    it('are refused where a virtual host may not hold so many queues, before one is created', async () => {
      await inVhost(async (vhost) => {
        await api('PUT', `/vhost-limits/${vhost}/max-queues`, { value: 1 });
        const answer = await importing({ queues: ['a', 'b'].map((name) => queue(name)) }, `/${vhost}`);
        expect(answer).toMatchObject({
          status: 400,
          body: {
            reason:
              `Adding 2 queue(s) to virtual host "${vhost}" would exceed the limit of 1 queue(s).\n\n` +
              'This virtual host currently has 0 queue(s) defined.\n\nImport aborted!',
          },
        });
        expect((await api('GET', `/queues/${vhost}`)).body).toEqual([]);
      });
    });
  });

  describe('parameters', () => {
    it('of virtual hosts are their limits', async () => {
      await inVhost(async (vhost) => {
        const path = `/parameters/vhost-limits/${vhost}/limits`;
        expect((await api('GET', path)).status).toBe(404);
        expect(await api('PUT', path, { value: { 'max-queues': 7 } })).toMatchObject({ status: 201 });
        expect(await api('PUT', path, { value: { 'max-queues': 8 } })).toMatchObject({ status: 204 });
        const parameter = { value: { 'max-queues': 8 }, vhost, component: 'vhost-limits', name: 'limits' };
        for (const all of ['', '/vhost-limits', `/vhost-limits/${vhost}`])
          expect((await api('GET', `/parameters${all}`)).body).toEqual(expect.arrayContaining([parameter]));
        expect((await api('GET', '/parameters/shovel')).body).toEqual([]);
        expect((await api('GET', `/vhost-limits/${vhost}`)).body).toEqual([
          { vhost, value: parameter.value },
        ]);
        expect((await api('DELETE', path)).status).toBe(204);
        expect((await api('DELETE', path)).status).toBe(404);
      });
    });

    it.each<[string, unknown, string]>([
      ['vhost-limits', { bogus: 1 }, 'Unrecognised terms [{&lt;&lt;"bogus"&gt;&gt;,1}] in limits\n'],
      ['vhost-limits', 5, 'limits not a list 5\n'],
      [
        'vhost-limits',
        { 'max-queues': 'x' },
        'max-queues should be a number, actually was &lt;&lt;"x"&gt;&gt;\n',
      ],
      ['shovel', {}, 'component shovel not found\n'],
    ])('of %s are refused as %j', async (component, value, reason) => {
      expect(await api('PUT', `/parameters/${component}/%2F/limits`, { value })).toMatchObject({
        status: 400,
        body: { error: 'bad_request', reason: `Validation failed\n\n${reason}` },
      });
    });

    it('of the whole broker are kept, whatever they are', async () => {
      const name = harness.queueName();
      const path = `/global-parameters/${name}`;
      expect(await api('PUT', path, { value: { a: 1 } })).toMatchObject({ status: 201 });
      expect((await api('GET', path)).body).toEqual({ name, value: { a: 1 } });
      expect((await api('GET', '/global-parameters')).body).toEqual(
        expect.arrayContaining([{ name, value: { a: 1 } }]),
      );
      expect(await api('PUT', path, {})).toMatchObject({ status: 400 });
      expect((await api('DELETE', path)).status).toBe(204);
      expect((await api('GET', path)).status).toBe(404);
    });
  });
}
