import { probeResource } from '../probe-resource.ts';
import type { Provider } from '../provider.ts';

/** Long enough for a server in another house, short enough for a plan. */
const PROBE_TIMEOUT_MS = 5_000;

/**
 * What already answers with the stack's own credentials: adopted, and never stopped by us.
 * A server that is there but refuses the credentials is somebody else's.
 */
export const external: Provider = {
  name: 'external',
  async offer(context, stack, resource) {
    // Whatever answers at a port might be anybody's.
    if (resource.server !== undefined && resource.provider !== 'external')
      return { available: false, reason: 'adopted only where "provider: external" says so' };
    const where = `${resource.endpoint.host}:${resource.endpoint.port}`;
    const result = await probeResource(context, stack, resource, {
      runs: 'adopted',
      wasReady: true,
      timeoutMs: PROBE_TIMEOUT_MS,
    });
    if (result.ready) {
      return {
        available: true,
        reason:
          resource.server === undefined
            ? `${where} answers already, with the credentials of this stack`
            : `${where} answers already`,
        loss: 'qbtc neither starts nor stops it',
      };
    }
    return {
      available: false,
      reason: result.refused
        ? `${where} refuses the credentials of this stack (${result.reason})`
        : `nothing usable answers at ${where} (${result.reason})`,
    };
  },
};
