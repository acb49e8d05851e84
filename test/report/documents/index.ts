import type { Document, DocumentKind, DocumentOf } from '../../../src/report/documents/index.ts';
import { document as addon } from './addon.ts';
import { document as address } from './address.ts';
import { document as adoption } from './adoption.ts';
import { document as applied } from './applied.ts';
import { document as chaos } from './chaos.ts';
import { document as check } from './check.ts';
import { document as ci } from './ci.ts';
import { document as consumers } from './consumers.ts';
import { document as contractDiff } from './contract-diff.ts';
import { document as demo } from './demo.ts';
import { document as discovery } from './discovery.ts';
import { document as doctor } from './doctor.ts';
import { document as down } from './down.ts';
import { document as dump } from './dump.ts';
import { document as environment } from './environment.ts';
import { document as error } from './error.ts';
import { document as event } from './event.ts';
import { document as experiment } from './experiment.ts';
import { document as explanation } from './explanation.ts';
import { document as exported } from './exported.ts';
import { document as findings } from './findings.ts';
import { document as flows } from './flows.ts';
import { document as graph } from './graph.ts';
import { document as heal } from './heal.ts';
import { document as healWatch } from './heal-watch.ts';
import { document as imported } from './imported.ts';
import { document as injected } from './injected.ts';
import { document as logs } from './logs.ts';
import { document as metrics } from './metrics.ts';
import { document as migrated } from './migrated.ts';
import { document as newService } from './new-service.ts';
import { document as plan } from './plan.ts';
import { document as ports } from './ports.ts';
import { document as published } from './published.ts';
import { document as registered } from './registered.ts';
import { document as replayed } from './replayed.ts';
import { document as rotated } from './rotated.ts';
import { document as routes } from './routes.ts';
import { document as scaffold } from './scaffold.ts';
import { document as score } from './score.ts';
import { document as secrets } from './secrets.ts';
import { document as service } from './service.ts';
import { document as serviceChange } from './service-change.ts';
import { document as stacks } from './stacks.ts';
import { document as status } from './status.ts';
import { document as stop } from './stop.ts';
import { document as text } from './text.ts';
import { document as trace } from './trace.ts';
import { document as traces } from './traces.ts';
import { document as undone } from './undone.ts';
import { document as up } from './up.ts';
import { document as upPlan } from './up-plan.ts';
import { document as upgrade } from './upgrade.ts';
import { document as waited } from './waited.ts';
import { document as watch } from './watch.ts';

/** An example of each kind; all tests of forms read them. */
export const documents: { [Kind in DocumentKind]: DocumentOf<Kind> } = {
  discovery,
  service,
  trace,
  traces,
  registered,
  'service-change': serviceChange,
  'contract-diff': contractDiff,
  event,
  published,
  replayed,
  text,
  imported,
  exported,
  migrated,
  'new-service': newService,
  plan,
  address,
  adoption,
  applied,
  routes,
  findings,
  explanation,
  consumers,
  dump,
  up,
  secrets,
  rotated,
  stop,
  ports,
  doctor,
  upgrade,
  'up-plan': upPlan,
  waited,
  watch,
  down,
  stacks,
  status,
  score,
  metrics,
  chaos,
  injected,
  addon,
  undone,
  experiment,
  graph,
  heal,
  'heal-watch': healWatch,
  check,
  ci,
  flows,
  logs,
  environment,
  error,
  scaffold,
  demo,
};

export const allDocuments: Document[] = Object.values(documents);
