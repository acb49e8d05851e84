import { afterAll, describe } from 'vitest';
import { type RunningBroker, startBroker } from '../../src/embedded/broker/broker.ts';
import { topologySuite } from './suite.ts';

const USER = 'acme';
const PASSWORD = 'embedded-pass-word';

describe('topology against the embedded broker', () => {
  // The embedded broker holds one vhost: each test gets a broker of its own.
  const brokers = new Map<string, Promise<RunningBroker>>();
  afterAll(async () => {
    for (const broker of brokers.values()) await (await broker).close();
  });

  topologySuite(async (vhost) => {
    const started =
      brokers.get(vhost) ??
      startBroker(
        { host: '127.0.0.1', port: 0, managementPort: 0, user: USER, password: PASSWORD, vhost },
        () => {},
      );
    brokers.set(vhost, started);
    const { port: amqpPort, managementPort } = await started;
    return { amqpPort, managementUrl: `http://127.0.0.1:${managementPort}`, user: USER, password: PASSWORD };
  });
});
