import { messageOf } from '../../errors.ts';
import { applyRoutes, planRoutes } from '../../gateway/index.ts';
import { endCompanion } from '../../lifecycle/companion.ts';
import { up } from '../../lifecycle/up.ts';
import { resourceNamed } from '../../resources/facts.ts';
import { fallbackName, KINDS } from '../../resources/index.ts';
import type { Remedy } from '../remedy.ts';
import { startFallback } from '../stand-in.ts';

const PROBE_MS = 2_000;

/** Ends the stand-in and starts the gateway itself; where that does not come back, the stand-in does. */
export const returnToGateway: Remedy = {
  mends: ['stood-in-for'],
  cost: 'requests are refused while the gateway starts; if it does not, the stand-in returns',
  unfit: ({ subject }, { snapshot, holders }) => {
    const gateway = snapshot.resources.find(({ name }) => name === subject);
    if (gateway?.provider === 'external' && gateway.state !== 'active')
      return `${subject} is not run by qbtc: its stand-in stays until it answers`;
    const stranger = holders.find(({ part, ours }) => part === subject && !ours);
    return stranger === undefined ? undefined : `its port ${stranger.port} is held by ${stranger.program}`;
  },
  command: ({ subject }) => `qbtc up ${subject}`,
  async apply(around, { subject }) {
    const { context, stack, timeoutMs } = around;
    const gateway = resourceNamed(stack, subject);
    const isWell = around.world.snapshot.resources.some(
      ({ name, state }) => name === subject && state === 'active',
    );
    if (!isWell) {
      await endCompanion(context, stack.root, fallbackName(subject));
      try {
        await up(context, stack, { apply: false, timeoutMs, placement: {}, only: [subject], exactly: true });
      } catch (error) {
        await startFallback(around, gateway);
        throw new Error(`${subject} did not come back (${messageOf(error)}); its stand-in serves again`, {
          cause: error,
        });
      }
    }
    await applyRoutes(context, stack, await planRoutes(context, stack));
    const after = await KINDS.apisix.probe(context, gateway.endpoint, PROBE_MS);
    if (!after.ready) throw new Error(`${subject}: ${after.reason}`);
    if (isWell) await endCompanion(context, stack.root, fallbackName(subject));
    return `${subject} serves again; its stand-in has ended`;
  },
};
