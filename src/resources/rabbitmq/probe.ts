import { messageOf } from '../../errors.ts';
import type { Probe } from '../probe.ts';

/** Opens an AMQP connection to the stack's vhost, and asks the management API who is there. */
export const probeRabbitmq: Probe = async (context, endpoint, timeoutMs) => {
  try {
    const connection = await context.amqp(endpoint.url, { timeoutMs, name: 'qbtc probe' });
    await connection.close();
  } catch (error) {
    const reason = messageOf(error);
    return {
      ready: false,
      reason: `AMQP: ${reason}`,
      refused: /ACCESS.?REFUSED|NOT_ALLOWED|403|530/i.test(reason),
    };
  }
  if (endpoint.managementUrl === undefined) return { ready: true, found: { protocol: 'AMQP 0-9-1' } };
  try {
    const credentials = Buffer.from(`${endpoint.user ?? ''}:${endpoint.password ?? ''}`).toString('base64');
    const answer = await context.http(`${endpoint.managementUrl}/api/overview`, {
      headers: { authorization: `Basic ${credentials}` },
      timeoutMs,
    });
    if (answer.status !== 200) {
      return {
        ready: false,
        reason: `the management API answers ${answer.status}`,
        refused: answer.status === 401 || answer.status === 403,
      };
    }
    const overview = JSON.parse(answer.body) as { rabbitmq_version?: string; product_name?: string };
    return {
      ready: true,
      found: {
        protocol: 'AMQP 0-9-1',
        product: overview.product_name ?? 'RabbitMQ',
        version: overview.rabbitmq_version ?? 'unknown',
      },
    };
  } catch (error) {
    return { ready: false, reason: `management API: ${messageOf(error)}`, refused: false };
  }
};
