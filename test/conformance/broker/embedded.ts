import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type RunningBroker, startBroker } from '../../../src/embedded/broker/broker.ts';
import type { BrokerAccess } from '../../support/rabbitmq.ts';
import { brokerConformance } from './suite.ts';

/** Runs the suite against the embedded broker, in memory or with a data folder of its own. */
export function embeddedConformance(name: string, isDurable: boolean): void {
  let broker: RunningBroker | undefined;
  let access: BrokerAccess | undefined;
  let dataFolder: string | undefined;
  let memoryIsShort = false;

  beforeAll(async () => {
    const account = { user: 'tester', password: randomUUID(), vhost: '/' };
    if (isDurable) dataFolder = await mkdtemp(join(tmpdir(), 'qbtc-broker-'));
    broker = await startBroker(
      { host: '127.0.0.1', port: 0, managementPort: 0, metricsPort: 0, ...account, dataFolder },
      () => undefined,
      { usedBytes: () => (memoryIsShort ? Number.POSITIVE_INFINITY : 0) },
    );
    access = {
      ...account,
      amqpUrl: `amqp://127.0.0.1:${broker.port}`,
      managementUrl: `http://127.0.0.1:${broker.managementPort}`,
      metricsUrl: `http://127.0.0.1:${broker.metricsPort}`,
      async setMemoryAlarm(raised) {
        memoryIsShort = raised;
      },
    };
  });

  afterAll(async () => {
    await broker?.close();
    if (dataFolder !== undefined) await rm(dataFolder, { recursive: true, force: true });
  });

  brokerConformance(name, () => {
    if (access === undefined) throw new Error('the embedded broker is not running');
    return access;
  });
}
