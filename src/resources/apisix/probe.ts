import { messageOf } from '../../errors.ts';
import type { Probe } from '../probe.ts';

/** Asks the Admin API with its key, and the proxy port for any HTTP answer. */
export const probeApisix: Probe = async (context, endpoint, timeoutMs) => {
  try {
    if (endpoint.managementUrl !== undefined) {
      const admin = await context.http(
        `${endpoint.managementUrl}/apisix/admin/upstreams?page=1&page_size=10`,
        {
          headers: { 'x-api-key': endpoint.adminKey ?? '' },
          timeoutMs,
        },
      );
      if (admin.status !== 200) {
        return {
          ready: false,
          reason: `the Admin API answers ${admin.status}`,
          refused: admin.status === 401 || admin.status === 403,
        };
      }
    }
    const proxy = await context.http(endpoint.url, { timeoutMs });
    return { ready: true, found: { protocol: 'HTTP', server: proxy.headers.server ?? 'unknown' } };
  } catch (error) {
    return { ready: false, reason: messageOf(error), refused: false };
  }
};
