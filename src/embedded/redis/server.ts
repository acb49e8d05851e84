import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { RedisServerState, Resp2Server } from 'js-redis-server/core';
import type { EvictionPolicy } from '../../model/cache.ts';
import type { Log, RunningProgram } from '../program.ts';
import { createExecutor } from './executor.ts';
import { Memory } from './memory.ts';

export interface RedisConfiguration {
  host: string;
  port: number;
  password: string;
  /** What keys and values may take; no bound when left out. */
  maxMemoryBytes?: number;
  /** What goes when it is reached; nothing when left out. */
  eviction?: EvictionPolicy;
}

export interface RunningRedis extends RunningProgram {
  port: number;
}

/**
 * A server that speaks the Redis protocol and keeps everything in memory: what is in it is gone when it stops.
 * The library's own `listen` binds to every address and knows no password and no bound, hence this wrapper.
 */
export async function startRedis(configuration: RedisConfiguration, log: Log): Promise<RunningRedis> {
  const { host, password, maxMemoryBytes = 0, eviction = 'noeviction' } = configuration;
  if (password === '') throw new Error('an embedded Redis needs a password');
  // Its own expiry looks at every key ten times a second.
  const state = new RedisServerState({ requirepass: password, activeExpiryIntervalMs: false });
  const memory = new Memory(state, { maxBytes: maxMemoryBytes, policy: eviction }, log);
  const redis = new Resp2Server({
    server: state,
    executor: createExecutor(memory),
    logger: { error: (message) => log('warn', String(message)) },
  });
  const sockets = new Set<Socket>();
  redis.server.on('connection', (socket: Socket) => {
    // Or else a reply waits for the acknowledgement of the one before, which the client holds back for 40 ms.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  redis.server.listen(configuration.port, host);
  await once(redis.server, 'listening');
  const { port } = redis.server.address() as AddressInfo;
  log('info', 'listening', { port, volatile: true });
  return {
    port,
    async close() {
      memory.close();
      const closed = redis.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
