import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nextMessage } from '../../conformance/broker/harness.ts';
import { BrokerProgram } from './program.ts';

let program: BrokerProgram;
let dataFolder: string;

beforeAll(async () => {
  program = await BrokerProgram.build();
  dataFolder = await mkdtemp(join(tmpdir(), 'qbtc-hostile-'));
});
afterAll(async () => {
  await program.remove();
  await rm(dataFolder, { recursive: true, force: true });
});

it('outlives an x-death that counts nothing, and starts again with it', async () => {
  const first = program.start({ dataFolder });
  const connection = await first.connect();
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('dead');
  await channel.assertQueue('held', {
    deadLetterExchange: '',
    deadLetterRoutingKey: 'dead',
    messageTtl: 2_000,
  });
  const headers = { 'x-death': [{ queue: 'held', reason: 'expired', count: 'abc' }] };
  channel.sendToQueue('held', Buffer.from('first'), { headers, persistent: true, expiration: '1' });
  expect((await nextMessage(channel, 'dead')).content.toString()).toBe('first');
  channel.sendToQueue('held', Buffer.from('second'), { headers, persistent: true });
  await channel.waitForConfirms();
  await first.kill();

  const second = program.start({ dataFolder });
  const again = await second.connect();
  const reading = await again.createChannel();
  const message = await nextMessage(reading, 'dead');
  expect(message.content.toString()).toBe('second');
  expect(message.properties.headers?.['x-death']).toMatchObject([
    { count: 1, queue: 'held', reason: 'expired' },
  ]);
  await again.close();
  second.child.kill('SIGTERM');
  expect(await second.exit).toBe(0);
  expect(second.lines().filter(({ level }) => level === 'error')).toEqual([]);
});
