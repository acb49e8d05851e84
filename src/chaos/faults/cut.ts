import { type FaultKind, partsOf } from '../fault-kind.ts';
import { behindProxy, outOfProxy, refusesProxy } from '../proxied.ts';

/** Cuts the network before a part: it runs, and every connection to it is reset. */
export const cut: FaultKind = {
  about: 'cut off: it runs, and every connection to it is reset',
  subjects: partsOf,
  takes: [],
  refuses: refusesProxy,
  inject: (around, fault, remember) => behindProxy(around, fault, { refuse: true }, remember),
  undo: outOfProxy,
};
