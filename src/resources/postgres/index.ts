import { PROVIDER_NAMES } from '../../model/resource.ts';
import type { KindOfResource } from '../kind.ts';
import { embeddedPostgres } from './embedded.ts';
import { nativePostgres } from './native.ts';
import { probePostgres } from './probe.ts';
import { rotatePostgres } from './rotation.ts';

export const postgres: KindOfResource = {
  probe: probePostgres,
  embedded: embeddedPostgres,
  native: nativePostgres,
  // It keeps its users with its data, whoever runs it.
  rotate: Object.fromEntries(PROVIDER_NAMES.map((provider) => [provider, rotatePostgres])),
};
