import { SLOW_LATENCY_MS } from '../../model/chaos.ts';
import { type FaultKind, partsOf } from '../fault-kind.ts';
import { behindProxy, outOfProxy, refusesProxy } from '../proxied.ts';

/** Puts a bad network before a part: latency, little bandwidth, loss, resets. */
export const slow: FaultKind = {
  about: 'reached through a proxy that delays, narrows, loses, and resets',
  subjects: partsOf,
  takes: ['latencyMs', 'jitterMs', 'bytesPerSecond', 'loss', 'reset'],
  refuses: refusesProxy,
  inject: (around, fault, remember) => {
    const { latencyMs = SLOW_LATENCY_MS, jitterMs, bytesPerSecond, loss, reset } = fault.options;
    return behindProxy(around, fault, { latencyMs, jitterMs, bytesPerSecond, loss, reset }, remember);
  },
  undo: outOfProxy,
};
