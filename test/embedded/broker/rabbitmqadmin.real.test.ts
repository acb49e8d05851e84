import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningBroker, startBroker } from '../../../src/embedded/broker/broker.ts';

const run = promisify(execFile);
/** RabbitMQ's own tool, as Debian's `rabbitmq-server` brings it. */
const isThere = await run('rabbitmqadmin', ['--version']).then(
  () => true,
  () => false,
);
const account = { user: 'tester', password: randomUUID() };

const NAME = 'rabbitmqadmin, RabbitMQ’s own tool,';

describe.skipIf(isThere)(NAME, () => {
  it.skip('left out: it is not installed', () => undefined);
});

describe.skipIf(!isThere)(NAME, () => {
  let broker: RunningBroker;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qbtc-rabbitmqadmin-'));
    broker = await startBroker(
      {
        host: '127.0.0.1',
        port: 0,
        managementPort: 0,
        ...account,
        vhost: '/',
        dataFolder: join(folder, 'data'),
      },
      () => undefined,
    );
  });
  afterAll(async () => {
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function admin(...words: string[]): Promise<string> {
    const port = String(broker.managementPort);
    const login = ['-H', '127.0.0.1', '-P', port, '-u', account.user, '-p', account.password];
    return (await run('rabbitmqadmin', [...login, ...words])).stdout;
  }

  it('declares, lists, publishes and gets', async () => {
    await admin('declare', 'queue', 'name=q', 'durable=true', 'arguments={"x-max-length":5}');
    await admin('declare', 'exchange', 'name=x', 'type=topic');
    await admin('declare', 'binding', 'source=x', 'destination=q', 'routing_key=a.#');
    await admin('declare', 'policy', 'name=p', 'pattern=^q$', 'definition={"max-length":4}');
    await admin('publish', 'exchange=x', 'routing_key=a.b', 'payload=hello');
    expect(await admin('get', 'queue=q', 'ackmode=ack_requeue_false')).toContain('hello');
    for (const kind of ['bindings', 'nodes']) expect(await admin('list', kind)).not.toContain('No items');
    expect(await admin('list', 'parameters')).toContain('No items');
    expect(await admin('show', 'overview')).toContain('3.10');
  });

  it('exports what is set up, and imports it again', async () => {
    const file = join(folder, 'definitions.json');
    await admin('export', file);
    const before = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await admin('delete', 'queue', 'name=q');
    await admin('delete', 'exchange', 'name=x');
    await admin('delete', 'policy', 'name=p');
    expect(await admin('import', file)).toContain('Uploaded definitions');
    await admin('export', file);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(before);
  });

  it('imports into one virtual host', async () => {
    await admin('declare', 'vhost', 'name=other');
    const file = join(folder, 'of-a-vhost.json');
    const queue = { name: 'in-other', durable: true, auto_delete: false, arguments: {} };
    await writeFile(file, JSON.stringify({ queues: [queue] }));
    await admin('-V', 'other', 'import', file);
    expect(await admin('-V', 'other', 'list', 'queues')).toContain('in-other');
  });
});
