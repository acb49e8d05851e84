import { up } from '../../lifecycle/up.ts';
import type { Remedy } from '../remedy.ts';

/** A new supervisor takes over what the old one left running, and starts what has gone since. */
export const takeOver: Remedy = {
  mends: ['unsupervised'],
  cost: 'none: what runs goes on',
  command: () => 'qbtc up',
  async apply({ context, stack, timeoutMs }) {
    const { started, kept } = await up(context, stack, { apply: false, timeoutMs, placement: {}, only: [] });
    const began = started.length === 0 ? '' : `, started ${started.join(', ')}`;
    return `a new supervisor took ${kept.length} over${began}`;
  },
};
