import { afterAll, describe, it } from 'vitest';
import { type RunningRabbitMq, startRabbitMq } from '../../support/rabbitmq.ts';
import { brokerConformance } from './suite.ts';

const rabbitmq = await startRabbitMq();

if ('unavailable' in rabbitmq) {
  describe('RabbitMQ', () => {
    it.skip(`left out: ${rabbitmq.unavailable}`, () => undefined);
  });
  process.stderr.write(`The conformance suite was not run against RabbitMQ: ${rabbitmq.unavailable}\n`);
} else {
  const running: RunningRabbitMq = rabbitmq;
  afterAll(() => running.stop());
  brokerConformance('RabbitMQ', () => running);
}
