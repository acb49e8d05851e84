import { randomUUID } from 'node:crypto';
import { startBroker } from '../../src/embedded/broker/broker.ts';
import type { Resource } from '../../src/model/resource.ts';
import { type AmqpAccess, startRabbitMq } from '../support/rabbitmq.ts';

/** A broker with a management API, whoever it is, as the resource of a stack. */
export interface AmqpServer {
  resource: Resource;
  /** Its address for another account. */
  urlOf(user: string, password: string): string;
  stop(): Promise<void>;
}

export async function embeddedServer(): Promise<AmqpServer> {
  const account = { user: 'acme', password: randomUUID(), vhost: 'acme' };
  const broker = await startBroker({ host: '127.0.0.1', port: 0, managementPort: 0, ...account }, () => {});
  return serverAt(
    {
      ...account,
      amqpUrl: `amqp://acme:${account.password}@127.0.0.1:${broker.port}/acme`,
      managementUrl: `http://127.0.0.1:${broker.managementPort}`,
    },
    () => broker.close(),
  );
}

/** `undefined` where no RabbitMQ can be had. */
export async function realServer(): Promise<AmqpServer | undefined> {
  const running = await startRabbitMq();
  return 'unavailable' in running ? undefined : serverAt(running, () => running.stop());
}

function serverAt({ amqpUrl, ...access }: AmqpAccess, stop: () => Promise<void>): AmqpServer {
  const { host, port, pathname } = new URL(amqpUrl);
  return {
    resource: {
      name: 'broker',
      kind: 'rabbitmq',
      ports: {},
      endpoint: { url: amqpUrl, host: '127.0.0.1', port: Number(port), ...access },
    },
    urlOf: (user, password) => `amqp://${user}:${password}@${host}${pathname}`,
    stop,
  };
}
