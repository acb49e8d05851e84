import { QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';

/** The management HTTP API of a broker and the account that the stack comes with. */
export interface ManagementAccess {
  /** `http://127.0.0.1:15672`, without a path. */
  url: string;
  user: string;
  password: string;
  vhost: string;
}

/** How the broker of a stack is reached. */
export interface BrokerAccess {
  /** The name of the resource. */
  resource: string;
  /** `amqp://…`, with the stack's account. */
  amqpUrl: string;
  /** Without any credential: what tells this broker from others. */
  url: string;
  vhost: string;
  /** `undefined` for a broker that speaks AMQP only. */
  management: ManagementAccess | undefined;
}

/** @throws QbtcError `BROKER_NOT_DECLARED` */
export function brokerAccess(stack: Stack): BrokerAccess {
  const broker = resourceOfKind(stack, 'rabbitmq');
  if (!broker) {
    throw new QbtcError('BROKER_NOT_DECLARED', `${stack.name} declares no broker`, {
      hint: `add a resource of kind rabbitmq to infrastructure in ${stack.file}`,
    });
  }
  const { url: amqpUrl, host, port, managementUrl, user, password, vhost = '/' } = broker.endpoint;
  const management =
    managementUrl === undefined || user === undefined || password === undefined
      ? undefined
      : { url: managementUrl.replace(/\/+$/, ''), user, password, vhost };
  return {
    resource: broker.name,
    amqpUrl,
    url: management?.url ?? `amqp://${host}:${port}`,
    vhost,
    management,
  };
}
