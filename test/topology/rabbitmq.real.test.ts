import { afterAll, describe, expect, it } from 'vitest';
import { Management } from '../../src/topology/management.ts';
import { reachContext } from '../support/context.ts';
import { startRabbitMq } from '../support/rabbitmq.ts';
import { topologySuite } from './suite.ts';

const broker = await startRabbitMq();

if ('unavailable' in broker) {
  it.skip(`topology against a real RabbitMQ: ${broker.unavailable}`, () => {});
} else {
  describe('topology against a real RabbitMQ', () => {
    afterAll(() => broker.stop());
    topologySuite(async () => broker);

    it('creates the vhost of the stack, with the rights of its account', async () => {
      const { managementUrl, user, password } = broker;
      const access = { url: managementUrl, user, password, vhost: 'of/its own' };
      const management = new Management(reachContext(), access);
      expect(await management.observe()).toMatchObject({ vhostExists: false });
      await management.createVhost();
      expect(await management.observe()).toMatchObject({ vhostExists: true, queues: [], bindings: [] });
    });
  });
}
