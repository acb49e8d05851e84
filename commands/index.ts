import type { Register } from './command.ts';
import { demo } from './demo.ts';
import { down } from './down.ts';
import { logs } from './logs.ts';
import { newStack } from './new.ts';
import { routes } from './routes.ts';
import { score } from './score.ts';
import { secrets } from './secrets.ts';
import { status } from './status.ts';
import { test } from './test.ts';
import { topology } from './topology.ts';
import { up } from './up.ts';

/** Every command, in the order in which the help lists them: the order of the journey. */
export const commands: readonly Register[] = [
  demo,
  newStack,
  up,
  status,
  logs,
  topology,
  routes,
  test,
  score,
  secrets,
  down,
];
