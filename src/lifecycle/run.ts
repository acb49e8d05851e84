import type { Context } from '../context.ts';
import { applyRoutes, planRoutes } from '../gateway/index.ts';
import type { RunAs } from '../health/index.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Resource, ResourceKind } from '../model/resource.ts';
import type { Service, Stack } from '../model/stack.ts';
import { resourcesOfKind } from '../resources/facts.ts';
import {
  createDatabase,
  createDatabases,
  ensureRoles,
  migrate,
  type ProbeResult,
  probeResource,
  providers,
} from '../resources/index.ts';
import type { ComposeService, ContainerRuntime } from '../runtimes/containers/index.ts';
import type { ProcessRuntime, ProcessSpec } from '../runtimes/processes/index.ts';
import type { StartingRuntime } from '../runtimes/runtime.ts';
import {
  type Bundles,
  type Instance,
  instancesOf,
  judgeImages,
  probeService,
  serviceProcess,
  whySilent,
} from '../services/index.ts';
import { applyTopology, declaresTopology, planTopology } from '../topology/index.ts';
import { awaitAdopted } from './adopted.ts';
import { awaitByHand } from './await-by-hand.ts';
import { inDependencyOrder } from './dependency-order.ts';
import { explained } from './explained.ts';
import { migrateResource, migrateService, migrateStep } from './own-migrations.ts';
import type { Part, Running } from './part.ts';
import type { Starter } from './starter.ts';
import type { Steps } from './steps.ts';
import { tellOutcomes } from './tell-outcomes.ts';
import { unlessInterrupted } from './unless-interrupted.ts';

const PROBE_TIMEOUT_MS = 5_000;

const OTHER_SECRETS =
  'was .qbtc/secrets.json made anew, or another user or password declared? then its data knows other ones: put the old file back. Only to begin empty: qbtc down --volumes, which deletes the data';
const OTHER_SERVICE =
  'qbtc ports shows who holds which port; end what is in the way, or give the service another port';

// The steps that stand between the resources and services; no name of theirs can hold a blank.
const CONTAINERS = 'create containers';
const IMAGES = 'build images';
const MIGRATIONS = 'apply migrations';
const TOPOLOGY = 'apply topology';
const ROUTES = 'apply routes';

/** What this run is about: the resources and services that it brings up. */
export interface Selection {
  resources: readonly Resource[];
  services: readonly Service[];
}

/** One runtime of a run, and what starts parts in it. */
interface StartingIn<Description, Kind extends StartingRuntime<Description>> {
  runtime: Kind;
  starter: Starter<Description>;
}

/** How it starts them. Without Docker in the plan there are no `containers`. */
export interface Starters {
  processes: StartingIn<ProcessSpec, ProcessRuntime>;
  containers: StartingIn<ComposeService, ContainerRuntime> | undefined;
  bundles: Bundles;
}

/** One run of `up`: every resource, service, and step waits for what it needs and nothing else. */
export class Run {
  readonly outcomes: ChangeOutcome[] = [];
  /** Services that are ended before they are started, though nothing in how they are run has changed. */
  anew: ReadonlySet<string> = new Set();
  readonly #context: Context;
  readonly #running: Running;
  readonly #stack: Stack;
  readonly #selection: Selection;
  readonly #starters: Starters;
  readonly #steps: Steps;

  constructor(stack: Stack, selection: Selection, running: Running, starters: Starters, steps: Steps) {
    this.#context = running.context;
    this.#running = running;
    this.#stack = stack;
    this.#selection = selection;
    this.#starters = starters;
    this.#steps = steps;
  }

  /** With `apply` migrations, topology, and routes are applied too. */
  async everything(plan: InfrastructurePlan, { apply }: { apply: boolean }): Promise<void> {
    const { services } = this.#selection;
    const steps = this.#steps;
    const add = (name: string, after: readonly string[], work: () => Promise<void>) =>
      steps.add(name, after, () =>
        work().catch((error: unknown) => {
          throw explained(error, name);
        }),
      );
    const nameOf = (kind: ResourceKind) => resourcesOfKind(this.#selection, kind).map(({ name }) => name);

    this.#addResources(plan, add);
    if (apply) {
      add(MIGRATIONS, nameOf('postgres'), () => this.#migrations());
      for (const resource of this.#selection.resources)
        if (resource.migrate !== undefined)
          add(migrateStep(resource), [resource.name, MIGRATIONS], () =>
            migrateResource(this.#context, this.#stack, resource),
          );
      if (declaresTopology(this.#stack) && nameOf('rabbitmq').length > 0)
        add(TOPOLOGY, nameOf('rabbitmq'), () => this.#topology());
    }
    const runsIn = new Map(plan.services.map(({ service, runs }) => [service, runs]));
    const inside = services.filter(({ name }) => runsIn.get(name) === 'container');
    // Neither building nor bundling needs anything that runs: they are under way while the infrastructure starts.
    let built: ReadonlySet<string> = new Set();
    if (inside.length > 0) {
      add(IMAGES, [], async () => {
        built = await this.#images(inside);
      });
    }
    for (const service of inDependencyOrder(services)) {
      const migrated = service.dependsOn.map((name) => migrateStep({ name }));
      const needs = [...service.dependsOn, ...migrated, MIGRATIONS, TOPOLOGY];
      const after = [...needs, migrateStep(service)];
      if (apply && service.migrate !== undefined)
        add(migrateStep(service), needs, () => migrateService(this.#context, this.#stack, service));
      if (service.url !== undefined) {
        const parts = instancesOf(service).map((instance) => this.#instancePart(instance));
        add(service.name, after, () => awaitAdopted(this.#running, parts, service));
      } else if (inside.includes(service)) {
        add(service.name, [...after, IMAGES], () => this.#containedService(service, built.has(service.name)));
      } else {
        const byHand = plan.services.find((choice) => choice.service === service.name)?.byHand ?? [];
        const handOf = ({ name }: Instance) => byHand.find((each) => each.instance === name);
        const own = instancesOf(service).filter((instance) => handOf(instance) === undefined);
        const specs = Promise.all(own.map((instance) => this.#spec(instance)));
        specs.catch(() => {});
        add(service.name, after, async () => {
          const { runtime, starter } = this.#starters.processes;
          await Promise.all([
            this.#replicas(await specs, this.anew.has(service.name)),
            ...instancesOf(service).map(async (instance) => {
              const hand = handOf(instance);
              if (hand === undefined) return;
              const before = starter.before(instance.name);
              await awaitByHand(this.#running, runtime, before, this.#instancePart(instance), hand.pid);
            }),
          ]);
        });
      }
    }
    if (apply && nameOf('apisix').length > 0) {
      add(ROUTES, [...nameOf('apisix'), ...services.map(({ name }) => name)], () => this.#routes());
    }
    await steps.settled();
  }

  #addResources(plan: InfrastructurePlan, add: Steps['add']): void {
    const chosen = this.#selection.resources.flatMap((resource) => {
      const choice = plan.choices.find((made) => made.resource === resource.name);
      return choice === undefined ? [] : [{ resource, provider: providers[choice.provider] }];
    });
    const needsOf = (resource: Resource) => resource.server?.dependsOn ?? [];
    const contained = chosen.flatMap(({ resource, provider }) =>
      needsOf(resource).length > 0 ? [] : (provider.composeService?.(resource) ?? []),
    );
    let started: ReadonlySet<string> = new Set();
    const create = async (services: readonly string[]) =>
      (await this.#starters.containers?.starter.start(services.map((service) => ({ service })))) ?? new Set();
    if (contained.length > 0) {
      // In one go: the compose program takes a while to begin.
      add(CONTAINERS, [], async () => {
        started = await create(contained);
      });
    }
    for (const { resource, provider } of inDependencyOrder(
      chosen.map((each) => ({ ...each, name: each.resource.name, dependsOn: needsOf(each.resource) })),
    )) {
      const service = provider.composeService?.(resource);
      if (service !== undefined) {
        add(resource.name, [CONTAINERS, ...needsOf(resource)], async () => {
          const own = contained.includes(service) ? started : await create([service]);
          const part = this.#resourcePart(resource);
          await this.#starters.containers?.starter.ready(part, service, own.has(service));
          await this.#databases(resource);
        });
        continue;
      }
      add(resource.name, needsOf(resource), async () => {
        if (provider.prepare === undefined) {
          const { host, port } = resource.endpoint;
          this.#context.io.progress.done(resource.name, `adopted at ${host}:${port}`);
          await this.#databases(resource);
          return;
        }
        this.#context.io.progress.step(resource.name, 'being prepared');
        const processes = await provider.prepare(this.#context, this.#stack, resource);
        const { runtime, starter } = this.#starters.processes;
        // A companion has no protocol of its own that could be asked: it runs, or what needs it says so.
        for (const companion of processes.slice(0, -1)) {
          await starter.start([companion]);
          await runtime.keep([companion.name]);
        }
        for (const own of processes.slice(-1)) await this.#process(this.#resourcePart(resource), own);
        await this.#databases(resource);
      });
    }
  }

  /** One after the other where all of them run: those that are not being started anew answer meanwhile. */
  async #replicas(specs: readonly { spec: ProcessSpec; instance: Instance }[], anew: boolean): Promise<void> {
    const { starter } = this.#starters.processes;
    const start = ({ spec, instance }: (typeof specs)[number]) =>
      this.#process(this.#instancePart(instance), spec, anew);
    if (specs.every(({ spec }) => starter.before(spec.name)?.lives === true))
      for (const each of specs) await start(each);
    else await Promise.all(specs.map(start));
  }

  async #process(part: Part, spec: ProcessSpec, anew = false): Promise<void> {
    const { runtime, starter } = this.#starters.processes;
    if (anew && starter.before(spec.name)?.lives === true) await runtime.stop([spec.name]);
    const started = await starter.start([spec]);
    await starter.ready(part, spec.name, started.has(spec.name));
  }

  /** Builds what is outdated; answers with those that have a new image. */
  async #images(services: readonly Service[]): Promise<ReadonlySet<string>> {
    const { containers } = this.#starters;
    if (services.length === 0 || containers === undefined) return new Set();
    const { progress } = this.#context.io;
    const images = await judgeImages(this.#stack, services, this.#starters.bundles);
    const outdated = services
      .map(({ name }) => name)
      .filter((name) => images.outdated.includes(name) || containers.starter.before(name) === undefined);
    if (outdated.length > 0) {
      await containers.runtime.build(outdated, (name, doing) => progress.step(`image of ${name}`, doing));
      for (const name of outdated) progress.done(`image of ${name}`, 'built');
      await images.built(outdated);
    }
    return new Set(outdated);
  }

  async #containedService(service: Service, hasNewImage: boolean): Promise<void> {
    const { name } = service;
    const { containers } = this.#starters;
    if (containers === undefined) return;
    const started = await containers.starter.start([{ service: name, hasNewImage }]);
    await Promise.all(
      instancesOf(service).map((instance) =>
        containers.starter.ready(this.#instancePart(instance), name, started.has(name)),
      ),
    );
  }

  async #spec(instance: Instance) {
    return {
      instance,
      spec: await serviceProcess(this.#context, this.#stack, instance, this.#starters.bundles),
    };
  }

  #instancePart(instance: Instance): Part {
    return {
      name: instance.name,
      probe: (runs, wasReady = false) =>
        probeService(this.#context, this.#stack, instance, { runs, wasReady, timeoutMs: PROBE_TIMEOUT_MS }),
      whySilent: (runs) => whySilent(this.#context, instance, runs),
      refusedHint: OTHER_SERVICE,
    };
  }

  #resourcePart(resource: Resource): Part {
    const { name, server } = resource;
    return {
      name,
      probe: (runs, wasReady) => this.#probe(resource, runs, wasReady),
      refusedHint: server === undefined ? OTHER_SECRETS : OTHER_SERVICE,
    };
  }

  /** A server that is new has no database of the stack yet. */
  async #probe(resource: Resource, runs: RunAs, wasReady = false): Promise<ProbeResult> {
    const probe = () =>
      probeResource(this.#context, this.#stack, resource, { runs, wasReady, timeoutMs: PROBE_TIMEOUT_MS });
    const result = await probe();
    if (result.ready || result.missingDatabase !== true) return result;
    await createDatabase(this.#context, resource.endpoint);
    return probe();
  }

  async #databases({ name, endpoint }: Resource): Promise<void> {
    for (const database of await createDatabases(this.#context, endpoint))
      this.#context.io.progress.done(name, `created the database ${database}`);
  }

  async #migrations(): Promise<void> {
    for (const resource of resourcesOfKind(this.#selection, 'postgres')) {
      const { migrations } = resource;
      this.#context.io.progress.step('migrations');
      const work = async () => [
        ...(migrations === undefined ? [] : await migrate(this.#context, { ...resource, migrations })),
        ...(await ensureRoles(this.#context, this.#stack, resource)),
      ];
      const changes = await unlessInterrupted(this.#context.interrupted, work());
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
    tellOutcomes(this.#context.io.progress, name, outcomes);
  }
}
