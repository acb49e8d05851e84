import type { DocumentForm } from '../document-form.ts';

/** Every kind of document, loaded when one is told. A new kind is a folder and a line. */
export const DOCUMENTS = {
  addon: () => import('./addon/index.ts'),
  address: () => import('./address/index.ts'),
  adoption: () => import('./adoption/index.ts'),
  applied: () => import('./applied/index.ts'),
  chaos: () => import('./chaos/index.ts'),
  check: () => import('./check/index.ts'),
  ci: () => import('./ci/index.ts'),
  consumers: () => import('./consumers/index.ts'),
  'contract-diff': () => import('./contract-diff/index.ts'),
  demo: () => import('./demo/index.ts'),
  discovery: () => import('./discovery/index.ts'),
  doctor: () => import('./doctor/index.ts'),
  down: () => import('./down/index.ts'),
  dump: () => import('./dump/index.ts'),
  environment: () => import('./environment/index.ts'),
  error: () => import('./error/index.ts'),
  event: () => import('./event/index.ts'),
  experiment: () => import('./experiment/index.ts'),
  explanation: () => import('./explanation/index.ts'),
  exported: () => import('./exported/index.ts'),
  findings: () => import('./findings/index.ts'),
  flows: () => import('./flows/index.ts'),
  graph: () => import('./graph/index.ts'),
  heal: () => import('./heal/index.ts'),
  'heal-watch': () => import('./heal-watch/index.ts'),
  imported: () => import('./imported/index.ts'),
  injected: () => import('./injected/index.ts'),
  logs: () => import('./logs/index.ts'),
  metrics: () => import('./metrics/index.ts'),
  migrated: () => import('./migrated/index.ts'),
  'new-service': () => import('./new-service/index.ts'),
  plan: () => import('./plan/index.ts'),
  ports: () => import('./ports/index.ts'),
  published: () => import('./published/index.ts'),
  registered: () => import('./registered/index.ts'),
  replayed: () => import('./replayed/index.ts'),
  rotated: () => import('./rotated/index.ts'),
  routes: () => import('./routes/index.ts'),
  scaffold: () => import('./scaffold/index.ts'),
  score: () => import('./score/index.ts'),
  secrets: () => import('./secrets/index.ts'),
  service: () => import('./service/index.ts'),
  'service-change': () => import('./service-change/index.ts'),
  stacks: () => import('./stacks/index.ts'),
  status: () => import('./status/index.ts'),
  stop: () => import('./stop/index.ts'),
  text: () => import('./text/index.ts'),
  trace: () => import('./trace/index.ts'),
  traces: () => import('./traces/index.ts'),
  undone: () => import('./undone/index.ts'),
  up: () => import('./up/index.ts'),
  'up-plan': () => import('./up-plan/index.ts'),
  upgrade: () => import('./upgrade/index.ts'),
  waited: () => import('./waited/index.ts'),
  watch: () => import('./watch/index.ts'),
} satisfies Record<string, () => Promise<{ form: DocumentForm<never> }>>;

export type DocumentKind = keyof typeof DOCUMENTS;
/** The document of one kind. */
export type DocumentOf<Kind extends DocumentKind> = Kind extends unknown
  ? Awaited<ReturnType<(typeof DOCUMENTS)[Kind]>>['form'] extends DocumentForm<infer Of>
    ? Of
    : never
  : never;
/** Everything that a command can report. */
export type Document = DocumentOf<DocumentKind>;
