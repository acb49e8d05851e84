import type { KindOfResource } from '../kind.ts';
import { embeddedRedis } from './embedded.ts';
import { nativeRedis } from './native.ts';
import { probeRedis } from './probe.ts';
import { rotateRedis } from './rotation.ts';

export const redis: KindOfResource = {
  probe: probeRedis,
  embedded: embeddedRedis,
  native: nativeRedis,
  // A container has it in its environment, and is made anew for it.
  rotate: { native: rotateRedis },
};
