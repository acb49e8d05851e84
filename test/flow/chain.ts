import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MessageProperties } from '../../src/amqp/message-properties.ts';
import type { AmqpConnect, BrokerMessage, RedisConnect, SqlConnect } from '../../src/context.ts';
import type { FlowContext } from '../../src/flow/step-kind.ts';
import type { Resource } from '../../src/model/resource.ts';
import type { Service, Stack } from '../../src/model/stack.ts';
import { createExec } from '../../src/system/exec.ts';
import { connectRedis } from '../../src/system/redis.ts';
import { reachContext } from '../support/context.ts';
import { CHECKOUT } from '../support/qbtc.ts';
import { scriptedServer } from '../support/scripted-server.ts';
import { emptyStack, PLAIN_SERVICE, postgresResource } from '../support/stack.ts';

/** What the far side of a flow does with one request. `publish` reaches the taps that are open. */
export type Behaviour = (chain: {
  request: IncomingMessage;
  body: string;
  response: ServerResponse;
  correlationId: string;
  publish(exchange: string, routingKey: string, type: string, data: unknown, correlationId?: string): void;
}) => void;

/** The ports of a flow: HTTP goes to a real server; broker and database are the smallest that keep their contracts. */
export async function chain(options: {
  flow?: string;
  flows?: readonly string[];
  behaviour: Behaviour;
  sql?: SqlConnect;
  amqp?: AmqpConnect;
  redis?: RedisConnect;
  interrupted?: AbortSignal;
}): Promise<{ context: FlowContext; stack: Stack }> {
  const listeners = new Set<(message: BrokerMessage) => void>();
  const server = await scriptedServer((request, response, body) => {
    const correlationId = String(request.headers['x-correlation-id'] ?? '');
    options.behaviour({
      request,
      body,
      response,
      correlationId,
      publish(exchange, routingKey, type, data, other) {
        const event = {
          specversion: '1.0',
          id: randomUUID(),
          source: 'test',
          type,
          correlationid: other ?? correlationId,
          data,
        };
        const message = {
          exchange,
          routingKey,
          properties: MessageProperties.NONE,
          content: Buffer.from(JSON.stringify(event)),
          receivedAt: performance.now(),
        };
        for (const listener of listeners) listener(message);
      },
    });
  });
  onTestFinished(() => server.close());
  const root = await mkdtemp(join(tmpdir(), 'qbtc-flow-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const texts = options.flows ?? [options.flow ?? ''];
  const files = texts.map((_, index) => join(root, `flow-${index}.yaml`));
  for (const [index, file] of files.entries()) await writeFile(file, texts[index] ?? '');
  const unused = async (): Promise<never> => {
    throw new Error('flows do not ask for this');
  };
  const amqp: AmqpConnect = async () => ({
    exchangeExists: unused,
    declareExchange: unused,
    declareQueue: unused,
    bind: unused,
    hold: unused,
    peek: unused,
    publishAll: unused,
    unbind: unused,
    async tap(_bindings, onMessage) {
      listeners.add(onMessage);
    },
    publish: async () => {},
    inspectQueue: async () => undefined,
    close: async () => listeners.clear(),
  });
  const nothing: SqlConnect = async () => ({ query: async () => ({ rows: [] }), close: async () => {} });
  return {
    context: {
      ...reachContext(options.interrupted),
      amqp: options.amqp ?? amqp,
      sql: options.sql ?? nothing,
      redis: options.redis ?? connectRedis,
      exec: createExec(),
      installation: { root: CHECKOUT, version: '0.1.0' },
    },
    stack: flowStack(root, files, server.url),
  };
}

/** A stack with all that the template's flows name. */
export function flowStack(root: string, flowFiles: string[], gatewayUrl = 'http://127.0.0.1:9080'): Stack {
  return emptyStack(root, {
    flowFiles,
    resources: [
      resource('broker', 'rabbitmq', 'amqp://127.0.0.1'),
      resource('cache', 'redis', 'redis://127.0.0.1'),
      postgresResource(5432),
      resource('gateway', 'apisix', gatewayUrl),
    ],
    services: [
      service('llm-api', 8000),
      service('quantum-core', 8001),
      service('platform-api', 3001),
      service('exchange-simulator', 8600),
      service('trading-hft', 8400),
    ],
    tracing: { service: 'platform-api' },
    secrets: {
      'test-api-key': 'k3y-of-the-test',
      'limited-api-key': 'k3y-of-the-limited',
      'trading-control-key': 'k3y-of-the-control',
    },
  });
}

function resource(name: string, kind: Resource['kind'], url: string): Resource {
  return { name, kind, ports: {}, endpoint: { url, host: '127.0.0.1', port: 0 } };
}

export function service(name: string, port: number, changes: Partial<Service> = {}): Service {
  return {
    name,
    path: `/stack/services/${name}`,
    port,
    ...PLAIN_SERVICE,
    dependsOn: [],
    env: {},
    containerEnv: {},
    routes: [],
    ...changes,
  };
}
