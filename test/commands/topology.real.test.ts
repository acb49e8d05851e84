import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MessageProperties } from '../../src/amqp/message-properties.ts';
import { connectAmqp } from '../../src/system/amqp.ts';
import { newCoreStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';

let root: string;
let takeDown: () => Promise<void>;
beforeAll(async () => {
  [root, takeDown] = await newCoreStack('brokered');
  expect((await qbtc(['up'], root)).code).toBe(0);
}, 240_000);
afterAll(() => takeDown());

const TOPOLOGY = 'infrastructure/rabbitmq/topology.yaml';

async function connect() {
  const stack = await openStackAt(root);
  const url = stack.resources.find(({ kind }) => kind === 'rabbitmq')?.endpoint.url ?? '';
  return connectAmqp(url, { timeoutMs: 5000, name: 'test' });
}

async function edit(change: (text: string) => string): Promise<void> {
  const file = join(root, TOPOLOGY);
  await writeFile(file, change(await readFile(file, 'utf8')));
}

describe('qbtc topology on a running stack', () => {
  test('has nothing to change after `up`, and says so with exit code 0', async () => {
    const { code, stdout } = await qbtc(['topology', 'plan', '--json'], root);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      changes: [],
      leftovers: [],
      unmanaged: { exchanges: [], queues: [], bindings: [] },
      notMeasured: [],
    });
  });

  test('migrates a queue with 5,000 messages, in order, while its consumer is stopped', async () => {
    expect((await qbtc(['stop', 'quantum-core'], root)).code).toBe(0);
    const connection = await connect();
    const count = 5_000;
    await connection.publishAll(
      'qbtc.topic',
      Array.from({ length: count }, (_, n) => ({
        exchange: 'qbtc.topic',
        routingKey: 'llm.request',
        content: Buffer.from(String(n)),
        properties: MessageProperties.of({ messageId: `m-${n}`, deliveryMode: 2 }),
      })),
    );
    await edit((text) =>
      text
        .replace(
          /- name: q_llm_requests\n {4}arguments: &requests\n {6}x-queue-type: quorum\n {6}x-dead-letter-exchange: qbtc.dead-letter\n {6}x-delivery-limit: 5/,
          `- name: q_llm_requests
    arguments: { x-queue-type: classic, x-dead-letter-exchange: qbtc.dead-letter }`,
        )
        .replace(
          'arguments: *requests',
          'arguments: &requests { x-queue-type: quorum, x-dead-letter-exchange: qbtc.dead-letter, x-delivery-limit: 5 }',
        ),
    );
    const plan = await qbtc(['topology', 'plan'], root);
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain('needs migration');
    expect(plan.stdout).toContain('costs: 5000 messages to move twice, 0 consumers to pause meanwhile');
    const applied = await qbtc(['topology', 'apply'], root);
    expect(applied.code).toBe(1);
    expect(applied.stdout).toContain('`qbtc topology migrate');

    const migrated = await qbtc(['topology', 'migrate', 'q_llm_requests', '--json'], root);
    expect(migrated.code, migrated.stderr).toBe(0);
    // llm-api may write to the queue; quantum-core was stopped before, and stays so.
    expect(JSON.parse(migrated.stdout)).toMatchObject({
      migrated: true,
      messages: count,
      paused: ['llm-api'],
    });
    expect((await qbtc(['topology', 'plan'], root)).code).toBe(0);
    const status = JSON.parse((await qbtc(['status', '--json'], root)).stdout);
    const state = (name: string) =>
      status.resources.find((resource: { name: string }) => resource.name === name)?.state;
    expect([state('llm-api'), state('quantum-core')]).toEqual(['active', 'stopped']);

    const held = await connection.hold('q_llm_requests', count + 1);
    expect(held.messages.map(({ content }) => Number(content.toString()))).toEqual(
      Array.from({ length: count }, (_, n) => n),
    );
    await held.acknowledge();
    await held.release();
    await connection.close();
    expect((await qbtc(['up'], root)).code).toBe(0);
    expect((await qbtc(['test', '--tag', 'llm'], root)).code).toBe(0);
  }, 240_000);

  test('refuses what makes no sense, with the exit code of wrong usage', async () => {
    expect(await qbtc(['topology', 'apply', '--drop', 'q'], root)).toMatchObject({ code: 64 });
    expect(await qbtc(['topology', 'export', '--format', 'xml'], root)).toMatchObject({ code: 64 });
    const unknown = await qbtc(['topology', 'migrate', 'q_llm_request'], root);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('did you mean q_llm_requests?');
  });

  test('deletes with --prune what it had made and nobody declares any more', async () => {
    await edit((text) => `${text}\n`.replace('queues:\n', 'queues:\n  - { name: q_short_lived }\n'));
    expect((await qbtc(['topology', 'apply'], root)).code).toBe(0);
    await edit((text) => text.replace('  - { name: q_short_lived }\n', ''));
    const plan = JSON.parse((await qbtc(['topology', 'plan', '--json'], root)).stdout);
    expect(plan).toMatchObject({ changes: [], leftovers: [{ kind: 'queue', name: 'q_short_lived' }] });
    expect((await qbtc(['topology', 'plan', '--prune'], root)).code).toBe(2);
    expect((await qbtc(['topology', 'apply', '--prune'], root)).code).toBe(0);
    expect((await qbtc(['topology', 'plan', '--prune'], root)).code).toBe(0);
  });
});

describe('qbtc events on a running stack', () => {
  test('follows, publishes and validates', async () => {
    const tailing = qbtc(['events', 'tail', 'service.*', '--count', '1', '--json'], root);
    const data = JSON.stringify({ name: 'llm-api', instance: 'llm-api-1', reason: 'stopped' });
    // What was published before the tail began is not seen: until it is, another one.
    let ended = false;
    void tailing.finally(() => {
      ended = true;
    });
    while (!ended)
      expect(
        (await qbtc(['events', 'publish', 'service_gone', '--data', data, '--correlation', 'c-1'], root))
          .code,
      ).toBe(0);
    const { code, stdout } = await tailing;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      exchange: 'qbtc.topic',
      routingKey: 'service.gone',
      type: 'service_gone',
      correlationId: 'c-1',
      event: { data: { reason: 'stopped' } },
    });
    await writeFile(join(root, 'event.json'), JSON.stringify(JSON.parse(stdout).event));
    expect((await qbtc(['events', 'validate', 'event.json'], root)).code).toBe(0);
    await writeFile(join(root, 'event.json'), '{"type": "service_gone"}');
    const wrong = await qbtc(['events', 'validate', 'event.json'], root);
    expect(wrong.code).toBe(2);
    expect(wrong.stdout).toContain('event.json:1:1');
    expect((await qbtc(['events', 'publish', 'service_gone', '--data', '{'], root)).code).toBe(64);
  }, 240_000);

  test('compares with a folder, and says what breaks', async () => {
    const file = join(root, 'event-schemas/service_gone.json');
    const text = await readFile(file, 'utf8');
    const { cp } = await import('node:fs/promises');
    await cp(join(root, 'event-schemas'), join(root, 'before'), { recursive: true });
    expect((await qbtc(['events', 'diff', '--against', 'before'], root)).code).toBe(0);
    await writeFile(file, text.replace(', "expired"', ''));
    const { code, stdout } = await qbtc(['events', 'diff', '--against', 'before', '--json'], root);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).changes).toEqual([
      {
        event: 'service_gone',
        field: 'reason',
        file: 'event-schemas/service_gone.json',
        what: 'no longer has the values "expired"',
        breaks: ['backward'],
      },
    ]);
    const forward = ['events', 'diff', '--against', 'before', '--compatibility', 'forward'];
    expect((await qbtc(forward, root)).code).toBe(0);
    await writeFile(file, text);
    const git = (...args: string[]) =>
      promisify(execFile)('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], {
        cwd: root,
      });
    await git('init', '-q');
    await git('add', 'event-schemas');
    await git('commit', '-q', '-m', 'contracts');
    expect((await qbtc(['events', 'diff', '--against', 'HEAD'], root)).code).toBe(0);
    await writeFile(file, text.replace(', "expired"', ''));
    expect((await qbtc(['events', 'diff'], root)).code).toBe(2);
    await writeFile(file, text);
    const nowhere = await qbtc(['events', 'diff', '--against', 'no-such-ref'], root);
    expect(nowhere.code).toBe(1);
    expect(nowhere.stderr).toMatch(/git|commit/);
  });
});
