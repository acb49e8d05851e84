import type { Document, DocumentKind, DocumentOf } from '../document.ts';
import { hanging } from '../layout.ts';
import { createPalette } from '../palette.ts';
import type { Reporter } from '../reporter.ts';
import { applied, plan } from '../terminal/changes.ts';
import { chaos, experiment, injected, undone } from '../terminal/chaos.ts';
import { consumers } from '../terminal/consumers.ts';
import { demo } from '../terminal/demo.ts';
import { discovery, registered, service, serviceChange } from '../terminal/discovery.ts';
import { doctor } from '../terminal/doctor.ts';
import { error } from '../terminal/error.ts';
import { contractDiff, event, published, replayed } from '../terminal/events.ts';
import { findings } from '../terminal/findings.ts';
import { flows } from '../terminal/flows.ts';
import { heal, healWatch } from '../terminal/heal.ts';
import { logs } from '../terminal/logs.ts';
import { metrics } from '../terminal/metrics.ts';
import { migrated } from '../terminal/migrated.ts';
import { ports } from '../terminal/ports.ts';
import { dump, explanation, routes } from '../terminal/routes.ts';
import { scaffold } from '../terminal/scaffold.ts';
import { check, score } from '../terminal/score.ts';
import { rotated, secrets } from '../terminal/secrets.ts';
import { status } from '../terminal/status.ts';
import { text } from '../terminal/text.ts';
import { trace, traces } from '../terminal/trace.ts';
import { down, stop, up } from '../terminal/up.ts';
import { upPlan } from '../terminal/up-plan.ts';
import type { View } from '../terminal/view.ts';

const VIEWS: { [Kind in DocumentKind]: View<DocumentOf<Kind>> } = {
  plan,
  applied,
  routes,
  findings,
  explanation,
  dump,
  text,
  migrated,
  'contract-diff': contractDiff,
  event,
  published,
  replayed,
  consumers,
  discovery,
  service,
  registered,
  'service-change': serviceChange,
  doctor,
  'up-plan': upPlan,
  up,
  down,
  stop,
  secrets,
  rotated,
  ports,
  status,
  score,
  check,
  metrics,
  chaos,
  injected,
  undone,
  experiment,
  heal,
  'heal-watch': healWatch,
  flows,
  logs,
  trace,
  traces,
  error,
  scaffold,
  demo,
};

/** What is to be copied or read on by a program, line by line; flows break the lines that may be broken themselves. */
const NEVER_BROKEN: ReadonlySet<DocumentKind> = new Set(['text', 'dump', 'logs', 'error', 'flows']);

/** For people at a terminal, where no word is broken that has room. */
export const terminal: Reporter = (document, { color, width, verbose }) => {
  // The kind picks the view that takes this document; the types cannot say so.
  const view = VIEWS[document.kind] as View<Document>;
  const lines = view(document, { palette: createPalette(color), width, verbose });
  const fitted = NEVER_BROKEN.has(document.kind) ? lines : lines.flatMap((line) => hanging(line, width));
  return fitted.join('\n');
};
