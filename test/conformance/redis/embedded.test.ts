import { afterAll, beforeAll } from 'vitest';
import { type RunningRedis, startRedis } from '../../../src/embedded/redis/server.ts';
import { redisConformance } from './suite.ts';

const password = 'p4ss';
let server: RunningRedis | undefined;

beforeAll(async () => {
  server = await startRedis({ host: '127.0.0.1', port: 0, password }, () => undefined);
});
afterAll(() => server?.close());

redisConformance('the embedded cache', () => {
  if (server === undefined) throw new Error('the embedded cache is not running');
  return { port: server.port, password };
});
