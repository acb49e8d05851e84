import type { KindOfResource } from '../kind.ts';
import { embeddedApisix } from './embedded.ts';
import { probeApisix } from './probe.ts';

export const apisix: KindOfResource = {
  probe: probeApisix,
  embedded: embeddedApisix,
  native: { impossible: 'APISIX is not run from an installation: run it yourself and declare it external' },
  rotate: {},
};
