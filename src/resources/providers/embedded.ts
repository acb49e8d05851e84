import { KINDS } from '../kinds.ts';
import type { Provider } from '../provider.ts';

/** Parts that speak the real protocols and need nothing but Node. */
export const embedded: Provider = {
  name: 'embedded',
  async offer(_context, stack, resource) {
    const part = KINDS[resource.kind].embedded;
    const reason = await part.unavailable?.(stack, resource);
    if (reason !== undefined) return { available: false, reason };
    return { available: true, reason: part.what, loss: part.loss };
  },
  prepare: async (context, stack, resource) => [
    await KINDS[resource.kind].embedded.prepare(context, stack, resource),
  ],
};
