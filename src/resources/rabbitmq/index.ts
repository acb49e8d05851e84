import type { KindOfResource } from '../kind.ts';
import { embeddedRabbitmq } from './embedded.ts';
import { nativeRabbitmq } from './native.ts';
import { probeRabbitmq } from './probe.ts';
import { rotateRabbitmq } from './rotation.ts';

export const rabbitmq: KindOfResource = {
  probe: probeRabbitmq,
  embedded: embeddedRabbitmq,
  native: nativeRabbitmq,
  // The embedded broker keeps no user of its own.
  rotate: { external: rotateRabbitmq, docker: rotateRabbitmq, native: rotateRabbitmq },
};
