import type { Rotate } from '../rotation.ts';

/** `CONFIG SET requirepass`: connections that are open stay known. Its configuration file is written at the next `up`. */
export const rotateRedis: Rotate = async (context, endpoint, password) => {
  const connection = await context.redis(endpoint.url, { timeoutMs: 10_000 });
  try {
    await connection.command('CONFIG', 'SET', 'requirepass', password);
  } finally {
    await connection.close();
  }
};
