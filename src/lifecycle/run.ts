import { setMaxListeners } from 'node:events';
import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import { applyRoutes, planRoutes } from '../gateway/index.ts';
import {
  createDatabase,
  type InfrastructurePlan,
  instancesOf,
  migrate,
  type ProbeResult,
  type ProcessSpec,
  type ProcessStatus,
  type Provider,
  probeService,
  probes,
  providers,
  type SupervisorClient,
  serviceProcess,
  untilReady,
} from '../infra/index.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { applyTopology, planTopology } from '../topology/index.ts';

const PROBE_TIMEOUT_MS = 2_000;

const OTHER_SECRETS =
  'was .qbtc/secrets.json made anew? then its data knows other ones; to begin without it: qbtc down --volumes';
const OTHER_SERVICE = 'its health document must name the service as qbtc.yaml does, and its port be its own';

// The steps that stand between the resources and services; symbols, so that no service can have their names.
const MIGRATIONS = Symbol('migrations');
const TOPOLOGY = Symbol('topology');
const ROUTES = Symbol('routes');

export interface UpOptions {
  /** Whether migrations, topology, and routes are applied too. */
  apply: boolean;
  /** How long each resource and service may take until it is ready. */
  timeoutMs: number;
}

/** One run of `up`: every resource, service, and step waits for what it needs and nothing else. */
export class Run {
  readonly started: string[] = [];
  readonly kept: string[] = [];
  readonly outcomes: ChangeOutcome[] = [];
  /** What was started or is being started: what an interruption takes back. */
  readonly touched = new Set<string>();
  readonly #context: Context;
  readonly #stack: Stack;
  readonly #options: UpOptions;
  readonly #supervisor: SupervisorClient;
  readonly #before: ReadonlyMap<string, ProcessStatus>;
  readonly #failed = new AbortController();

  constructor(
    context: Context,
    stack: Stack,
    options: UpOptions,
    supervisor: SupervisorClient,
    before: ReadonlyMap<string, ProcessStatus>,
  ) {
    // The first failure ends the waiting of everything else.
    const interrupted = AbortSignal.any([context.interrupted, this.#failed.signal]);
    setMaxListeners(0, interrupted);
    this.#context = { ...context, interrupted };
    this.#stack = stack;
    this.#options = options;
    this.#supervisor = supervisor;
    this.#before = before;
  }

  async everything(plan: InfrastructurePlan): Promise<void> {
    const stack = this.#stack;
    const ready = new Map<string | symbol, Promise<void>>();
    const after = (names: (string | symbol)[]) => Promise.all(names.map((name) => ready.get(name)));
    const step = (name: string | symbol, work: () => Promise<void>) => {
      const done = work().catch((error: unknown) => {
        const failure = explained(error, typeof name === 'string' ? name : (name.description ?? ''));
        this.#failed.abort(failure);
        throw failure;
      });
      // It is awaited below; until then its failure must not count as unhandled.
      done.catch(() => {});
      ready.set(name, done);
    };

    for (const choice of plan.choices) {
      const resource = stack.resources.find(({ name }) => name === choice.resource);
      if (resource !== undefined)
        step(resource.name, () => this.#resource(resource, providers[choice.provider]));
    }
    const { apply } = this.#options;
    const nameOf = (kind: Resource['kind']) =>
      stack.resources.filter((r) => r.kind === kind).map(({ name }) => name);
    step(MIGRATIONS, async () => {
      await after(nameOf('postgres'));
      if (apply) await this.#migrations();
    });
    step(TOPOLOGY, async () => {
      await after(nameOf('rabbitmq'));
      if (apply && stack.topologyFile !== undefined) await this.#topology();
    });
    // The services come in the order of their dependencies (the configuration has refused a cycle).
    const waiting = [...stack.services];
    while (waiting.length > 0) {
      const index = waiting.findIndex(({ dependsOn }) => dependsOn.every((name) => ready.has(name)));
      const [service] = waiting.splice(Math.max(index, 0), 1);
      if (service === undefined) break;
      // Bundling needs nothing that runs: it is under way while the infrastructure starts.
      const specs = Promise.all(instancesOf(service).map((instance) => this.#spec(instance)));
      specs.catch(() => {});
      step(service.name, async () => {
        await after([...service.dependsOn, MIGRATIONS, TOPOLOGY]);
        await Promise.all(
          (await specs).map(({ spec, instance }) =>
            this.#process(spec, () => probeService(this.#context, instance, PROBE_TIMEOUT_MS), OTHER_SERVICE),
          ),
        );
      });
    }
    step(ROUTES, async () => {
      await after([...nameOf('apisix'), ...stack.services.map(({ name }) => name)]);
      if (apply && nameOf('apisix').length > 0) await this.#routes();
    });
    const settled = await Promise.allSettled(ready.values());
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
    const failure = settled.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  async #spec(instance: ReturnType<typeof instancesOf>[number]) {
    return { instance, spec: await serviceProcess(this.#context, this.#stack, instance) };
  }

  async #resource(resource: Resource, provider: Provider): Promise<void> {
    if (provider.prepare === undefined) {
      this.#context.io.progress.done(
        resource.name,
        `adopted at ${resource.endpoint.host}:${resource.endpoint.port}`,
      );
      return;
    }
    this.#context.io.progress.step(resource.name, 'being prepared');
    const processes = await provider.prepare(this.#context, this.#stack, resource);
    for (const companion of processes.slice(0, -1)) await this.#companion(companion);
    for (const own of processes.slice(-1))
      await this.#process(own, () => this.#probe(resource), OTHER_SECRETS);
  }

  /** What a resource cannot do without has no protocol of its own that could be asked: it runs, or the resource says so. */
  async #companion(spec: ProcessSpec): Promise<void> {
    const running = this.#before.get(spec.name);
    if (running?.pid === undefined || running.fingerprint !== spec.fingerprint) this.touched.add(spec.name);
    await this.#supervisor.ensure(spec);
    await this.#supervisor.keep(spec.name);
  }

  /** A server that is new has no database of the stack yet. */
  async #probe(resource: Resource): Promise<ProbeResult> {
    const probe = () => probes[resource.kind](this.#context, resource.endpoint, PROBE_TIMEOUT_MS);
    const result = await probe();
    if (result.ready || result.missingDatabase !== true) return result;
    await createDatabase(this.#context, resource.endpoint);
    return probe();
  }

  async #process(spec: ProcessSpec, probe: () => Promise<ProbeResult>, refusedHint: string): Promise<void> {
    const { clock, interrupted, io } = this.#context;
    const before = clock.monotonic();
    interrupted.throwIfAborted();
    const running = this.#before.get(spec.name);
    const same = running?.pid !== undefined && running.fingerprint === spec.fingerprint;
    if (!same) this.touched.add(spec.name);
    if (running?.pid !== undefined && !same)
      io.progress.step(spec.name, 'it has changed: ending the old one');
    await this.#supervisor.ensure(spec);
    await untilReady(this.#context, this.#supervisor, {
      name: spec.name,
      root: this.#stack.root,
      deadlineMs: this.#options.timeoutMs,
      probe,
      refusedHint,
      onWaiting: (reason) => io.progress.step(spec.name, reason),
    });
    await this.#supervisor.keep(spec.name);
    if (same) {
      this.kept.push(spec.name);
      io.progress.done(spec.name, 'runs already');
    } else {
      this.started.push(spec.name);
      io.progress.done(spec.name, `ready after ${((clock.monotonic() - before) / 1000).toFixed(1)} s`);
    }
  }

  /** For work that cannot be called off: its end is not waited for. */
  #unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    const { interrupted } = this.#context;
    work.catch(() => {});
    return new Promise((resolve, reject) => {
      const stop = () => reject(interrupted.reason);
      if (interrupted.aborted) stop();
      interrupted.addEventListener('abort', stop, { once: true });
      work.then(resolve, reject).finally(() => interrupted.removeEventListener('abort', stop));
    });
  }

  async #migrations(): Promise<void> {
    for (const resource of this.#stack.resources) {
      const { migrations } = resource;
      if (resource.kind !== 'postgres' || migrations === undefined) continue;
      this.#context.io.progress.step('migrations');
      const changes = await this.#unlessInterrupted(migrate(this.#context, { ...resource, migrations }));
      this.#report(
        'migrations',
        changes.map((change) => ({ change, status: 'done' })),
      );
    }
  }

  async #topology(): Promise<void> {
    this.#context.io.progress.step('topology');
    const plan = await planTopology(this.#context, this.#stack);
    this.#report('topology', await applyTopology(this.#context, this.#stack, plan));
  }

  async #routes(): Promise<void> {
    this.#context.io.progress.step('routes');
    const plan = await planRoutes(this.#context, this.#stack);
    this.#report('routes', await applyRoutes(this.#context, this.#stack, plan));
  }

  #report(name: string, outcomes: ChangeOutcome[]): void {
    this.outcomes.push(...outcomes);
    const failed = outcomes.filter(({ status }) => status !== 'done');
    const { progress } = this.#context.io;
    if (failed.length === 0) {
      progress.done(
        name,
        outcomes.length === 0 ? 'nothing to change' : `${changes(outcomes.length)} applied`,
      );
      return;
    }
    progress.failed(name, `${failed.length} of ${changes(outcomes.length)} failed`);
    throw new QbtcError(
      'NOT_ALL_APPLIED',
      `${name}: ${failed.length} of ${changes(outcomes.length)} failed`,
      {
        exit: EXIT.partial,
        details: failed.map(({ change, reason }) => `${change.kind} ${change.name}: ${reason ?? 'skipped'}`),
        hint:
          name === 'routes' ? 'qbtc routes sync' : name === 'topology' ? 'qbtc topology apply' : 'qbtc up',
      },
    );
  }
}

/** What a server or the system answered on the way is no defect of ours: said with the step that it belongs to. */
function explained(error: unknown, step: string): unknown {
  const fromOutside = error instanceof Error && !(error instanceof QbtcError) && isFromOutside(error);
  if (!fromOutside) return error;
  return new QbtcError('STEP_FAILED', `${step}: ${error.message}`, {
    hint: 'see what became of it with `qbtc status`, then run `qbtc up` again',
    cause: error,
  });
}

/** System calls and PostgreSQL name a code; a connection that is cut in the middle of a query has only its message. */
function isFromOutside(error: Error): boolean {
  return (
    ('code' in error && typeof error.code === 'string') || error.message.startsWith('Connection terminated')
  );
}

/** `1 change`, `2 changes`. */
function changes(count: number): string {
  return `${count} ${count === 1 ? 'change' : 'changes'}`;
}
