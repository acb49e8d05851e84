import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { type RunningBroker, startBroker } from '../../../src/embedded/broker/broker.ts';
import type { BrokerAccess } from '../../support/rabbitmq.ts';
import { brokerConformance } from './suite.ts';

let broker: RunningBroker | undefined;
let access: BrokerAccess | undefined;

beforeAll(async () => {
  const account = { user: 'tester', password: randomUUID(), vhost: '/' };
  broker = await startBroker({ host: '127.0.0.1', port: 0, managementPort: 0, ...account }, () => undefined);
  access = {
    ...account,
    amqpUrl: `amqp://127.0.0.1:${broker.port}`,
    managementUrl: `http://127.0.0.1:${broker.managementPort}`,
  };
});

afterAll(() => broker?.close());

brokerConformance('the embedded broker', () => {
  if (access === undefined) throw new Error('the embedded broker is not running');
  return access;
});
