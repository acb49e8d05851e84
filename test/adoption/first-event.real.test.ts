import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { CHECKOUT, qbtc } from '../support/qbtc.ts';
import { repositoryOf } from './repository.ts';

const resolve = createRequire(join(CHECKOUT, 'package.json')).resolve;

/** It declares its queue, and ends of whatever is no order. */
const FRAGILE = `const amqp = require(${JSON.stringify(resolve('amqplib'))});
const QUEUE = process.env.QUEUE || 'orders';
(async () => {
  const connection = await amqp.connect(process.env.BROKER_URL);
  const channel = await connection.createChannel();
  await channel.assertQueue(QUEUE, { durable: true });
  await channel.consume(QUEUE, (message) => {
    const { items } = JSON.parse(message.content.toString());
    console.log('order of ' + items.map(({ name }) => name).join());
    channel.ack(message);
  });
})();
`;

/** It takes any text, and does what declares nothing. */
const PATIENT = `const amqp = require(${JSON.stringify(resolve('amqplib'))});
(async () => {
  const connection = await amqp.connect(process.env.BROKER_URL);
  const channel = await connection.createChannel();
  await channel.consume('mails', (message) => {
    console.log('mail with ' + message.content.toString());
    channel.ack(message);
  });
})();
`;

test('what init writes proves that the workers of a repository consume, and ends none of them by a guess', async () => {
  const [amqp = 0, management = 0] = await freePorts(2);
  const root = await repositoryOf({
    'compose.yaml': `services:
  worker:
    build: worker
    command: node worker.cjs
    environment: { BROKER_URL: "amqp://guest:guest@mq:5672" }
    depends_on: [mq]
  mailer:
    build: mailer
    command: node mailer.cjs
    environment: { BROKER_URL: "amqp://guest:guest@mq:5672" }
    depends_on: [mq]
  mq: { image: "rabbitmq:3-management", ports: ["${amqp}:5672", "${management}:15672"] }
`,
    'worker/package.json': '{"name": "worker"}',
    'worker/worker.cjs': FRAGILE,
    'mailer/package.json': '{"name": "mailer"}',
    'mailer/mailer.cjs': PATIENT,
    'rabbitmq/definitions.json': JSON.stringify({
      queues: ['orders', 'mails'].map((name) => ({ name, vhost: '/', durable: true, arguments: {} })),
      exchanges: [],
      bindings: [],
    }),
  });
  const init = await qbtc(['init', '--yes', '--json'], root);
  expect(init.code, init.stderr).toBe(0);
  const { files, next } = JSON.parse(init.stdout);
  expect(files.map(({ path }: { path: string }) => path)).toEqual(['qbtc.yaml', 'flows/first-event.yaml']);
  expect(next.map(({ command }: { command: string }) => command)).toContain('qbtc test');
  const imported = await qbtc(['topology', 'import', 'rabbitmq/definitions.json'], root);
  expect(imported.code, imported.stderr).toBe(0);
  try {
    const up = await qbtc(['up'], root);
    expect(up.code, up.stdout + up.stderr).toBe(0);
    const guessed = await qbtc(['test', '--hops'], root);
    expect(guessed.code, guessed.stdout + guessed.stderr).toBe(0);
    expect(guessed.stdout).toMatch(/mailer has taken it/);
    expect((await qbtc(['logs', 'mailer'], root)).stdout).toContain('mail with a first message');
    // With an example of what it expects the other one takes it, too.
    const file = join(root, 'flows/first-event.yaml');
    const text = await readFile(file, 'utf8');
    const example = text
      .replaceAll(/^ {2}# (?!With)/gm, '  ')
      .replace(/json:.*\n.*example: true/, 'json: { items: [{ name: bread }] }');
    expect(example).toContain('bread');
    await writeFile(file, example);
    const proven = await qbtc(['test', '--hops'], root);
    expect(proven.code, proven.stdout + proven.stderr).toBe(0);
    const logs = await qbtc(['logs', 'worker'], root);
    expect(logs.stdout).toContain('order of bread');
    // None of them was started a second time.
    expect(logs.stdout).not.toContain('TypeError');
  } finally {
    const down = await qbtc(['down', '--volumes'], root);
    expect(down.code, down.stderr).toBe(0);
  }
}, 240_000);
