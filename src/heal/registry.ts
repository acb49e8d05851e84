import type { RemedyName } from '../model/heal.ts';
import { applyTopology } from './remedies/apply-topology.ts';
import { fallbackGateway } from './remedies/fallback-gateway.ts';
import { freePort } from './remedies/free-port.ts';
import { recreateContainer } from './remedies/recreate-container.ts';
import { replayDeadLetters } from './remedies/replay-dead-letters.ts';
import { restart } from './remedies/restart.ts';
import { returnToGateway } from './remedies/return-to-gateway.ts';
import { rotateCredential } from './remedies/rotate-credential.ts';
import { start } from './remedies/start.ts';
import { syncRoutes } from './remedies/sync-routes.ts';
import { takeOver } from './remedies/take-over.ts';
import { waitForSupervisor } from './remedies/wait-for-supervisor.ts';
import type { Remedy } from './remedy.ts';

/** Where several can mend a problem, the gentlest is tried first: that is the order of `REMEDY_NAMES`. */
export const REMEDIES: Record<RemedyName, Remedy> = {
  'wait-for-supervisor': waitForSupervisor,
  'take-over': takeOver,
  'free-port': freePort,
  start,
  restart,
  'recreate-container': recreateContainer,
  'rotate-credential': rotateCredential,
  'fallback-gateway': fallbackGateway,
  'return-to-gateway': returnToGateway,
  'apply-topology': applyTopology,
  'sync-routes': syncRoutes,
  'replay-dead-letters': replayDeadLetters,
};
