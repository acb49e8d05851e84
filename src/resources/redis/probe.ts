import { messageOf } from '../../errors.ts';
import type { Probe } from '../probe.ts';

/** Authenticates and pings. */
export const probeRedis: Probe = async (context, endpoint, timeoutMs) => {
  try {
    const connection = await context.redis(endpoint.url, { timeoutMs });
    try {
      const answer = await connection.command('PING');
      if (answer !== 'PONG')
        return { ready: false, reason: `PING is answered with ${String(answer)}`, refused: false };
      return { ready: true, found: { protocol: 'RESP' } };
    } finally {
      await connection.close();
    }
  } catch (error) {
    const reason = messageOf(error);
    return {
      ready: false,
      reason,
      refused: /NOAUTH|WRONGPASS|invalid password|invalid username/i.test(reason),
    };
  }
};
