import type { KindOfResource } from '../kind.ts';
import { probePort } from '../other-server/probe.ts';

const NEEDS_DOCKER = 'it is a container, which needs Docker';

/** Any server, run in a container. */
export const container: KindOfResource = {
  probe: probePort,
  embedded: {
    what: '',
    loss: '',
    unavailable: async () => NEEDS_DOCKER,
    async prepare() {
      throw new Error(NEEDS_DOCKER);
    },
  },
  native: { impossible: NEEDS_DOCKER },
  rotate: {},
};
