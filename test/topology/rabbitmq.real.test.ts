import { afterAll, describe, expect, it } from 'vitest';
import { ManagementApi } from '../../src/broker/management.ts';
import { observe } from '../../src/topology/management/observe.ts';
import { perform } from '../../src/topology/management/perform.ts';
import { reachContext } from '../support/context.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';
import { topologySuite } from './suite.ts';

const broker = await startRabbitMq();

if ('unavailable' in broker) {
  it.skip(`topology against a real RabbitMQ: ${broker.unavailable}`, () => {});
} else {
  describe('topology against a real RabbitMQ', () => {
    afterAll(() => broker.stop());
    topologySuite(async () => ({ ...broker, amqpPort: Number(new URL(broker.amqpUrl).port) }), {
      stride: 4,
    });

    it('creates the vhost of the stack, with the rights of its account', async () => {
      const { managementUrl, user, password } = broker;
      const access = { url: managementUrl, user, password, vhost: 'of/its own' };
      const api = new ManagementApi(reachContext(), access);
      const look = () => observe(api, { accounts: [], limits: true });
      expect(await look()).toMatchObject({ vhostExists: false });
      await perform(api, { kind: 'vhost' }, async () => undefined);
      expect(await look()).toMatchObject({ vhostExists: true, queues: [], bindings: [], limits: {} });
    });
  });
}
