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

/** Broker, cache and database, with the topology and the migrations of the stack at `root` (which ends with a slash). */
export async function startStackServers(root: string): Promise<StackServers> {
  const [broker, cache, database] = await Promise.all([startRabbitmq(), startRedis(), startPostgres()]);
  await Promise.all([
    declareTopology(broker.url, `${root}infrastructure/rabbitmq/topology.yaml`),
    migrate(database.url, `${root}infrastructure/supabase/migrations`),
  ]);
  return {
    broker,
    cache,
    database,
    async stop() {
      await Promise.all([broker, cache, database].map((server) => server.stop()));
    },
  };
}
