import { add } from './add/index.ts';
import { chaos } from './chaos/index.ts';
import { ci } from './ci/index.ts';
import type { Register } from './command.ts';
import { completion } from './completion.ts';
import { consumers } from './consumers/index.ts';
import { demo } from './demo.ts';
import { dev } from './dev.ts';
import { discover } from './discover/index.ts';
import { doctor } from './doctor.ts';
import { down } from './down.ts';
import { env } from './env.ts';
import { events } from './events/index.ts';
import { exec } from './exec.ts';
import { graph } from './graph.ts';
import { heal } from './heal.ts';
import { init } from './init.ts';
import { logs } from './logs.ts';
import { metrics } from './metrics.ts';
import { newStack } from './new.ts';
import { open } from './open.ts';
import { ports } from './ports.ts';
import { ps } from './ps.ts';
import { remove } from './remove.ts';
import { restart } from './restart.ts';
import { routes } from './routes/index.ts';
import { score } from './score.ts';
import { secrets } from './secrets/index.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { test } from './test.ts';
import { topology } from './topology/index.ts';
import { trace } from './trace/index.ts';
import { up } from './up.ts';
import { upgrade } from './upgrade.ts';
import { wait } from './wait.ts';

/** Every command, in the order in which the help lists them: the order of the journey. */
export const commands: readonly Register[] = [
  demo,
  doctor,
  newStack,
  init,
  add,
  remove,
  upgrade,
  up,
  dev,
  wait,
  status,
  ps,
  ports,
  graph,
  open,
  metrics,
  logs,
  exec,
  env,
  discover,
  topology,
  events,
  routes,
  consumers,
  test,
  trace,
  score,
  ci,
  heal,
  chaos,
  secrets,
  restart,
  stop,
  down,
  completion,
];
