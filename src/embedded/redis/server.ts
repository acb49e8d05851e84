import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createRedisCommandExecutor, RedisServerState, Resp2Server } from 'js-redis-server/core';
import type { Log, RunningProgram } from '../program.ts';

export interface RedisConfiguration {
  host: string;
  port: number;
  password: string;
}

export interface RunningRedis extends RunningProgram {
  port: number;
}

/**
 * A server that speaks the Redis protocol and keeps everything in memory: what is in it is gone when it stops.
 * The library's own `listen` binds to every address and knows no password, hence this wrapper.
 */
export async function startRedis(configuration: RedisConfiguration, log: Log): Promise<RunningRedis> {
  if (configuration.password === '') throw new Error('an embedded Redis needs a password');
  const state = new RedisServerState({ requirepass: configuration.password });
  const redis = new Resp2Server({
    server: state,
    executor: createRedisCommandExecutor(),
    logger: { error: (message) => log('warn', String(message)) },
  });
  const sockets = new Set<Socket>();
  redis.server.on('connection', (socket: Socket) => {
    // Or else a reply waits for the acknowledgement of the one before, which the client holds back for 40 ms.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  redis.server.listen(configuration.port, configuration.host);
  await once(redis.server, 'listening');
  const { port } = redis.server.address() as AddressInfo;
  log('info', 'listening', { port, volatile: true });
  return {
    port,
    async close() {
      const closed = redis.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
