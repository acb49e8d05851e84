import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, postgresServer, startPostgres } from './postgres.ts';
import { declareTopology, rabbitmqServer, startRabbitmq } from './rabbitmq.ts';
import { redisServer, startRedis } from './redis.ts';
import type { TestServer } from './server.ts';

/** What a stack stands on, for `skipWithout`. */
export const stackServers = [rabbitmqServer, redisServer, postgresServer];

export interface StackServers {
  broker: TestServer;
  cache: TestServer;
  database: TestServer;
  stop(): Promise<void>;
}

/** The folder of the stack, with a slash at its end. */
export const STACK = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Broker, cache and database, with the topology and the migrations of the stack, and of these services, whose folders hold
 * `topology.yaml` and `migrations`.
 */
export async function startStackServers(...services: string[]): Promise<StackServers> {
  const [broker, cache, database] = await Promise.all([startRabbitmq(), startRedis(), startPostgres()]);
  await Promise.all([
    declareTopology(broker.url, `${STACK}infrastructure/rabbitmq/topology.yaml`),
    migrate(database.url, `${STACK}infrastructure/supabase/migrations`),
  ]);
  for (const service of services) {
    await declareTopology(broker.url, join(service, 'topology.yaml'));
    await migrate(database.url, join(service, 'migrations'));
  }
  return {
    broker,
    cache,
    database,
    async stop() {
      await Promise.all([broker, cache, database].map((server) => server.stop()));
    },
  };
}
