import { describe, expect, it } from 'vitest';
import { eventually, type Harness, within } from '../harness.ts';
import { RawClient } from '../raw-client.ts';

/** What tools ask that watch a broker: https://www.rabbitmq.com/docs/monitoring#health-checks. */
export function health(harness: Harness): void {
  const api = harness.management.bind(harness);
  const port = (url: string) => Number(new URL(url).port);

  it.each([
    ['/health/checks/alarms', { status: 'ok' }],
    ['/health/checks/local-alarms', { status: 'ok' }],
    ['/health/checks/virtual-hosts', { status: 'ok' }],
    ['/health/checks/node-is-mirror-sync-critical', { status: 'ok', reason: 'single node cluster' }],
    ['/health/checks/node-is-quorum-critical', { status: 'ok', reason: 'single node cluster' }],
    ['/health/checks/certificate-expiration/1/months', { status: 'ok' }],
    ['/health/checks/protocol-listener/amqp', { status: 'ok', protocol: 'amqp' }],
    ['/health/checks/protocol-listener/AMQP091', { status: 'ok', protocol: 'amqp' }],
    ['/health/checks/protocol-listener/management', { status: 'ok', protocol: 'http' }],
    ['/healthchecks/node', { status: 'ok' }],
    ['/aliveness-test/%2F', { status: 'ok' }],
  ])('finds %s well', async (path, body) => {
    // RabbitMQ takes a virtual host down piece by piece: for a moment after a deletion the check finds one that is not whole.
    const answer = await eventually(
      () => api('GET', path),
      ({ status }) => status === 200,
      `${path} is well`,
    );
    expect(answer.body).toMatchObject(body);
  });

  it('finds the ports that it listens on', async () => {
    const { amqpUrl, managementUrl } = harness.broker;
    for (const open of [port(amqpUrl), port(managementUrl)])
      expect(await api('GET', `/health/checks/port-listener/${open}`)).toMatchObject({
        status: 200,
        body: { status: 'ok', port: open },
      });
  });

  it.each([
    ['port-listener/1', { missing: 1, ports: expect.arrayContaining([expect.any(Number)]) }],
    ['protocol-listener/mqtt', { missing: 'mqtt', protocols: expect.arrayContaining(['amqp', 'http']) }],
  ])('says that nobody listens: %s', async (path, details) => {
    expect(await api('GET', `/health/checks/${path}`)).toMatchObject({
      status: 503,
      body: { status: 'failed', reason: 'No active listener', ...details },
    });
  });

  it.each([
    ['port-listener/x', 'Invalid port'],
    ['certificate-expiration/x/days', 'Invalid expiration value.'],
    [
      'certificate-expiration/1/moons',
      'Time unit not recognised. Supported units: days, weeks, months, years.',
    ],
  ])('does not understand %s', async (path, reason) => {
    expect(await api('GET', `/health/checks/${path}`)).toMatchObject({
      status: 400,
      body: { error: 'bad_request', reason },
    });
  });

  it('does not know other virtual hosts and nodes', async () => {
    for (const path of ['/aliveness-test/no-such', '/healthchecks/node/no-such'])
      expect((await api('GET', path)).status).toBe(404);
  });

  describe('the figures that tools compare', () => {
    it('of nodes', async () => {
      const numbers = [
        ...['mem_used', 'mem_limit', 'disk_free', 'disk_free_limit', 'fd_used', 'fd_total', 'uptime'],
        ...['sockets_used', 'sockets_total', 'proc_used', 'proc_total', 'run_queue', 'processors'],
        ...['connection_created', 'connection_closed', 'channel_created', 'queue_declared'],
      ];
      const [node] = await eventually(
        async () => (await api('GET', '/nodes')).body as Record<string, unknown>[],
        ([first]) => first?.fd_used !== undefined,
        'the figures of the node',
      );
      for (const name of numbers) expect([name, typeof node?.[name]]).toEqual([name, 'number']);
      expect(node).toMatchObject({
        running: true,
        mem_alarm: false,
        disk_free_alarm: false,
        partitions: [],
        enabled_plugins: expect.arrayContaining(['rabbitmq_management']),
      });
      expect(Number(node?.fd_total)).toBeGreaterThan(Number(node?.fd_used));
      expect(Number(node?.disk_free)).toBeGreaterThan(Number(node?.disk_free_limit));
    });

    it('of virtual hosts', async () => {
      const queue = await harness.queue();
      const channel = await harness.confirmChannel();
      channel.sendToQueue(queue, Buffer.from('x'));
      await channel.waitForConfirms();
      const vhost = await eventually(
        async () => (await api('GET', '/vhosts/%2F')).body as Record<string, unknown>,
        ({ messages }) => Number(messages) > 0,
        'the message is counted',
      );
      for (const name of ['messages', 'messages_ready', 'messages_unacknowledged', 'recv_oct', 'send_oct'])
        expect([name, typeof vhost[name]]).toEqual([name, 'number']);
      expect(vhost).toMatchObject({
        message_stats: { publish: expect.any(Number) },
        cluster_state: expect.any(Object),
      });
    });

    it('of the whole', async () => {
      const { body } = await api('GET', '/overview');
      expect(body).toMatchObject({
        churn_rates: { connection_created: expect.any(Number), queue_declared: expect.any(Number) },
        listeners: expect.arrayContaining([
          expect.objectContaining({
            protocol: 'amqp',
            ip_address: '127.0.0.1',
            port: port(harness.broker.amqpUrl),
          }),
        ]),
        statistics_db_event_queue: expect.any(Number),
        cluster_name: expect.any(String),
      });
      expect((await api('GET', '/cluster-name')).body).toMatchObject({
        name: (body as { cluster_name: unknown }).cluster_name,
      });
    });
  });

  describe('connections that an operator closes', () => {
    /** Closes the connection of a client by what `path` makes of its name; gives what the client was told. */
    async function closing(path: (name: string) => string, headers: Record<string, string>): Promise<string> {
      const client = await RawClient.open(harness.broker);
      const { localPort } = client.socket;
      const name = await eventually(
        async () => {
          const all = (await api('GET', '/connections')).body as { name: string }[];
          return all.find((each) => each.name.includes(`:${localPort} `))?.name;
        },
        (found) => found !== undefined,
        'the connection is listed',
      );
      const answer = await api('DELETE', path(encodeURIComponent(name ?? '')), undefined, headers);
      expect(answer.status).toBe(204);
      const { code, text } = await client.closedBy();
      expect(code).toBe(320);
      await within(client.closed, 'the socket is closed');
      return text;
    }

    it('are told the reason, as far as there is one', async () => {
      const path = (name: string) => `/connections/${name}`;
      expect(await closing(path, {})).toBe('CONNECTION_FORCED - Closed via management plugin');
      expect(await closing(path, { 'x-reason': 'the pump is to be cleaned' })).toBe(
        'CONNECTION_FORCED - the pump is to be cleaned',
      );
    });
  });
}
