import type { FaultKindName } from '../model/chaos.ts';
import type { FaultKind } from './fault-kind.ts';
import { corrupt } from './faults/corrupt.ts';
import { cut } from './faults/cut.ts';
import { down } from './faults/down.ts';
import { expire } from './faults/expire.ts';
import { flood } from './faults/flood.ts';
import { kill } from './faults/kill.ts';
import { pause } from './faults/pause.ts';
import { slow } from './faults/slow.ts';

export const FAULTS: Record<FaultKindName, FaultKind> = {
  down,
  kill,
  pause,
  slow,
  cut,
  flood,
  expire,
  corrupt,
};
