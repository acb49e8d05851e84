import { expect, test } from 'vitest';
import { adopted } from './repository.ts';

const worker = (url: string) => ({
  'package.json': '{"name": "app", "scripts": {"start": "node a.js"}, "dependencies": {"amqplib": "0.10"}}',
  'a.js': `require('amqplib').connect('${url}');\n`,
  'node_modules/amqplib/package.json': '{}',
});

test.each([
  'amqp://localhost',
  'amqp://127.0.0.1:5672/',
  'amqp://guest:guest@localhost:5672/%2f',
])('the broker of code that asks at %s is as a new RabbitMQ is', async (url) => {
  const { stack, text, draft } = await adopted(worker(url));
  expect(draft.obstacles).toEqual([]);
  expect(text).toContain('password: "${BROKER_PASSWORD:-guest}"');
  expect(stack.resources[0]?.endpoint).toMatchObject({ user: 'guest', vhost: '/' });
});

test.each([
  'amqp://shop:s3cr3t@localhost',
  'amqp://localhost/orders',
  'amqp://localhost:5673',
  'amqp://mq',
])('code that asks at %s stands in the way', async (url) => {
  const { text, draft } = await adopted(worker(url));
  expect(draft.obstacles.map(({ code }) => code)).toEqual(['address-in-code']);
  expect(text).not.toContain('guest');
});

test('what compose says of the user and the vhost holds, and who asks for others is told', async () => {
  const compose = (more: string, port = 5672) =>
    `services:\n  app: { build: . }\n  mq: { image: rabbitmq, ports: ["${port}:5672"], environment: { ${more} } }\n`;
  const of = async (more: string, port?: number) => {
    const { draft } = await adopted({ ...worker('amqp://localhost'), 'compose.yaml': compose(more, port) });
    const [{ user, vhost } = {}] = draft.resources;
    return [user?.value, vhost?.value, draft.obstacles.length];
  };
  expect(await of('')).toEqual(['guest', '/', 0]);
  expect(await of('RABBITMQ_DEFAULT_USER: guest, RABBITMQ_DEFAULT_PASS: guest')).toEqual(['guest', '/', 0]);
  expect(await of('RABBITMQ_DEFAULT_USER: shop, RABBITMQ_DEFAULT_PASS: x')).toEqual(['shop', '/', 1]);
  expect(await of('RABBITMQ_DEFAULT_VHOST: orders')).toEqual(['guest', 'orders', 1]);
  // Nobody finds it at another port.
  expect(await of('', 5673)).toEqual([undefined, undefined, 1]);
});
