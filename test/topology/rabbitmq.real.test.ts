import { afterAll, describe, it } from 'vitest';
import { startRabbitMq } from '../support/rabbitmq.ts';
import { topologySuite } from './suite.ts';

const broker = await startRabbitMq();

if ('unavailable' in broker) {
  it.skip(`topology against a real RabbitMQ: ${broker.unavailable}`, () => {});
} else {
  describe('topology against a real RabbitMQ', () => {
    afterAll(() => broker.stop());
    topologySuite(() => broker);
  });
}
