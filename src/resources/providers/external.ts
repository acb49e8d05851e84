import { KINDS } from '../kinds.ts';
import type { Provider } from '../provider.ts';

/** Long enough for a server in another house, short enough for a plan. */
const PROBE_TIMEOUT_MS = 5_000;

/**
 * What already answers with the stack's own credentials: adopted, and never stopped by us.
 * A server that is there but refuses the credentials is somebody else's.
 */
export const external: Provider = {
  name: 'external',
  async offer(context, _stack, resource) {
    const where = `${resource.endpoint.host}:${resource.endpoint.port}`;
    const result = await KINDS[resource.kind].probe(context, resource.endpoint, PROBE_TIMEOUT_MS);
    if (result.ready) {
      return {
        available: true,
        reason: `${where} answers already, with the credentials of this stack`,
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
