import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadFlows } from '../../src/flow/index.ts';
import { runs } from '../support/property-runs.ts';
import { adopted } from './repository.ts';

const COMPOSE = `services:
  worker:
    build: ./worker
    command: node worker.js
    environment: { AMQP_URL: "amqp://mq" }
  mq: { image: "rabbitmq:3-management" }
`;
const DEFINITIONS = JSON.stringify(
  {
    exchanges: [],
    bindings: [],
    queues: [
      { name: 'orders', vhost: '/', durable: true },
      { name: 'other', vhost: '/' },
    ],
  },
  undefined,
  1,
);
const worker = (code: string, more: Record<string, string> = {}) =>
  adopted({
    'docker-compose.yml': COMPOSE,
    'worker/package.json': '{"dependencies": {"amqplib": "0.10"}}',
    'worker/worker.js': `const amqp = require('amqplib');\namqp.connect(process.env.AMQP_URL);\n${code}\n`,
    ...more,
  });
const consumed = async (code: string, more: Record<string, string> = {}) => {
  const { draft, stack } = await worker(code, more);
  await loadFlows(stack);
  return draft.services[0]?.consumes.map(({ value, guess }) => [value.queue, value.json, guess === true]);
};

test('definitions that declare a queue which a service consumes from become a first message to it', async () => {
  const { stack, files, text } = await worker(
    "channel.consume('orders', (message) => console.log(message.content.toString()));",
    { 'rabbitmq/definitions.json': DEFINITIONS },
  );
  expect(text).toMatch(/^flows: flows\/first-event.yaml # a look at each queue that is consumed$/m);
  expect(files[1]?.text).toBe(`# Made by "qbtc init".
name: first-event
description: Each service that consumes from a queue listens there.
tags: [events]
timeout: 60s
steps:
  - kind: queue # worker/worker.js:3
    hop:
      subject: worker
      proves: worker consumes from orders
    queue: orders
    expect:
      consumers:
        at_least: 1
    within: 30s
  - kind: publish # rabbitmq/definitions.json:5
    hop:
      subject: mq
      proves: orders takes a message
    message:
      exchange: "" # the default exchange: it goes into this queue alone
      routing_key: orders
      body: a first message # guess: nobody says what worker expects
      properties:
        expiration: 10000 # what nobody can use is gone by then
  - kind: queue # rabbitmq/definitions.json:5
    hop:
      subject: worker
      proves: worker has taken it
    queue: orders
    expect:
      messages: 0
    within: 30s
`);
  expect((await loadFlows(stack)).map(({ name, steps }) => [name, steps.length])).toEqual([
    ['first-event', 3],
  ]);
});

test('JSON of which nobody says the shape is prepared, and sent by nobody', async () => {
  const { stack, files } = await worker(
    "channel.consume('orders', (message) => JSON.parse(message.content));",
  );
  const text = files[1]?.text ?? '';
  const prepared = text.slice(text.indexOf('  # With an example'));
  expect(prepared).toMatch(/^ {2}# - kind: publish # guess, by worker\/worker.js:3$/m);
  expect(prepared).toMatch(/^ {2}# {5}json: # guess: nobody says what worker expects$/m);
  expect((await loadFlows(stack)).map(({ tags, steps }) => [tags, steps.length])).toEqual([
    [['smoke', 'events'], 1],
  ]);
  const { flowFiles } = stack;
  await writeFile(flowFiles[0] ?? '', text.replaceAll(/^ {2}# (?!With)/gm, '  '));
  expect((await loadFlows(stack)).map(({ steps }) => steps.length)).toEqual([3]);
});

test.each<[string, string, string, boolean]>([
  [
    'a name in a constant',
    "const QUEUE = 'orders';\nchannel.consume(QUEUE, (m) => JSON.parse(m.content));",
    'orders',
    true,
  ],
  ['a field', 'this.queue = "orders";\nawait this.channel.consume(this.queue, on);', 'orders', false],
  [
    'what was declared',
    "const NAME = 'orders';\nconst q = await channel.assertQueue(NAME);\nchannel.consume(q.queue, on);",
    'orders',
    false,
  ],
  [
    'a variable with a default',
    "const q = process.env.QUEUE || 'orders';\nchannel.consume(q, on);",
    'orders',
    false,
  ],
  ['a mapping', "const config = { queue: 'orders' };\nchannel.consume(config.queue, on);", 'orders', false],
  [
    'a microservice of Nest',
    "app.connectMicroservice({ transport: Transport.RMQ, options: { queue: 'orders' } });",
    'orders',
    true,
  ],
  [
    'a handler of golevelup',
    "@RabbitSubscribe({ exchange: 'e', routingKey: 'k', queue: 'orders' })",
    'orders',
    true,
  ],
])('%s says which queue it is', async (_, code, queue, json) => {
  expect(await consumed(code)).toEqual([[queue, json, true]]);
  expect(await consumed(code, { 'definitions.json': DEFINITIONS })).toEqual([[queue, json, false]]);
});

test.each([
  ['a comment', "// channel.consume('orders', on)"],
  ['a name from another file', 'channel.consume(QUEUES.orders, on);'],
  ['a template', 'channel.consume(`orders.${region}`, on);'],
  ['a name that nothing is sent to', "channel.consume('', on);"],
  ['a consumer of something else', "kafka.consumer({ groupId: 'g' }); stream.consume();"],
])('%s says of none', async (_, code) => {
  expect(await consumed(code)).toEqual([]);
});

test('what the compose file gives a variable counts before its default in the code', async () => {
  const compose = COMPOSE.replace('AMQP_URL: "amqp://mq"', 'AMQP_URL: "amqp://mq", QUEUE: jobs');
  const code =
    "const q = process.env.QUEUE ?? 'orders';\nchannel.consume(q, on);\nchannel.consume(process.env.QUEUE, on);";
  expect(await consumed(code, { 'docker-compose.yml': compose })).toEqual([['jobs', false, true]]);
});

test('a service that gets its broker from elsewhere is sent nothing', async () => {
  const compose = COMPOSE.replace('    environment: { AMQP_URL: "amqp://mq" }\n', '');
  expect(
    await consumed("amqp.connect('amqp://localhost');\nchannel.consume('orders', on);", {
      'docker-compose.yml': compose,
      'worker/worker.js': "require('amqplib').connect('amqp://mq');\nchannel.consume('orders', on);",
    }),
  ).toEqual([]);
});

test.each([
  [
    'pika',
    'main.py',
    "import pika, json\nQ = 'orders'\nchannel.basic_consume(queue=Q, on_message_callback=f)\njson.loads(b)",
  ],
  [
    'pika before 1.0',
    'main.py',
    "import pika, json\nchannel.basic_consume(f, queue='orders')\njson.loads(b)",
  ],
  [
    'aio-pika',
    'main.py',
    "import aio_pika, json\nq = await channel.declare_queue('orders', durable=True)\nawait q.consume(f)\njson.loads(b)",
  ],
  [
    'amqp091-go',
    'main.go',
    'import amqp "github.com/rabbitmq/amqp091-go"\nq, err := ch.QueueDeclare(\n\t"orders",\n\ttrue)\nms, err := ch.Consume(\n\tq.Name,\n\t"")\njson.Unmarshal(b, &v)',
  ],
  ['Spring', 'Main.java', '@RabbitListener(queues = "orders")\npublic void on(Order order) {} // Jackson\n'],
  [
    '.NET',
    'Program.cs',
    'using RabbitMQ.Client;\nchannel.BasicConsume(queue: "orders", autoAck: false, consumer: c);\nJsonSerializer.Deserialize<Order>(b);',
  ],
])('%s is understood', async (_, file, code) => {
  const { draft } = await adopted({
    'docker-compose.yml': COMPOSE,
    'worker/Dockerfile': 'FROM scratch\n',
    [`worker/${file}`]: `${code}\n`,
  });
  expect(draft.services[0]?.consumes.map(({ value }) => [value.queue, value.json])).toEqual([
    ['orders', true],
  ]);
});

test('services that share their code are told apart by the file that each runs, and a queue is sent one message', async () => {
  const { draft, files } = await adopted({
    'package.json': '{"dependencies": {"amqplib": "0.10"}}',
    Procfile: 'mail: node mail.js\nbill: node bill.js\n',
    '.env.example': 'AMQP_URL=amqp://localhost\n',
    'mail.js':
      "amqp.connect(process.env.AMQP_URL);\nchannel.consume('mails', on);\nchannel.consume('both', on);\n",
    'bill.js':
      "amqp.connect(process.env.AMQP_URL);\nchannel.consume('bills', on);\nchannel.consume('both', on);\n",
  });
  expect(
    Object.fromEntries(
      draft.services.map(({ name, consumes }) => [name.value, consumes.map(({ value }) => value.queue)]),
    ),
  ).toEqual({ mail: ['mails', 'both'], bill: ['bills', 'both'] });
  expect(
    files.find(({ path }) => path === 'flows/first-event.yaml')?.text.match(/kind: publish/g),
  ).toHaveLength(3);
});

test('whatever a queue is called, and whatever definitions hold, what is written loads', async () => {
  const name = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', '{}', '- a', '#', 'a: b', '${secrets.x}', "it's", 'ü ß', '*'),
    fc.string({ minLength: 1, maxLength: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(name, fc.jsonValue(), async (queue, anything) => {
      const { stack, files } = await worker(`channel.consume(${JSON.stringify(queue)}, on);`, {
        'definitions.json': JSON.stringify({
          exchanges: [],
          queues: [{ name: queue }, anything, { name: anything }],
        }),
      });
      const flows = await loadFlows(stack);
      expect(flows.length).toBe(files.length - 1);
    }),
    { numRuns: runs(20, 100) },
  );
});

test.each([
  ['decorators that never end', '@RabbitListener('.repeat(60_000)],
  [
    'names that nobody gave a value',
    Array.from({ length: 40_000 }, (_, index) => `c.consume(q${index}, on)`).join('\n'),
  ],
  ['room', `channel.consume(${' '.repeat(900_000)}`],
  ['a callback without an end', `${'basic_consume(f, '.repeat(40_000)}queue`],
])(
  'a large file of %s is read in no time',
  async (_, code) => {
    const before = performance.now();
    expect(await consumed(code)).toEqual([]);
    expect(performance.now() - before).toBeLessThan(20_000);
  },
  60_000,
);
