import { isDeepStrictEqual } from 'node:util';
import { bytesOf } from '../../../matching/bytes.ts';
import { Matcher } from '../../../matching/matcher.ts';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Answer } from '../answer.ts';
import type { Consumer, Exchange } from '../exchange.ts';
import type { CheckedNode } from '../metrics.ts';
import { readPostArguments } from '../post-arguments.ts';
import { Latencies } from '../proxy/balancer.ts';
import type { HealthSource } from '../proxy/health.ts';
import { type Timeouts, timeoutsOf, Upstream } from '../proxy/upstream.ts';
import { type Change, keyOf, type Resources } from '../state/resources.ts';
import { type PluginSet, Program, type Step, type StepFactory } from './program.ts';

/** A route with everything that it refers to. */
export interface CompiledRoute {
  id: string;
  name: string | undefined;
  serviceId: string | undefined;
  serviceName: string | undefined;
  /** `undefined` when the route has none, or refers to one that is gone. */
  upstream: Upstream | undefined;
  timeouts: Timeouts | undefined;
  program: Program;
  plugins: PluginSet;
  /** Whether upgrades (WebSocket) are let through. */
  websocket: boolean;
  /** How many requests it was found for, since it was compiled. */
  requests: number;
}

/** A route as it is now, compiled when it is first needed. */
interface Slot {
  id: string;
  value: GatewayObject;
  compiled: CompiledRoute | undefined;
  generation: number;
}

const EMPTY = new Program([]);

/**
 * The routes in the form in which requests need them. Follows the store change by change: a request that has begun
 * goes on with what it found, the next one sees the new state.
 */
export class RouteTable {
  readonly #resources: Resources;
  readonly #factory: StepFactory;
  readonly #health: HealthSource;
  readonly #matcher = new Matcher<Slot>();
  readonly #upstreams = new WeakMap<GatewayObject, Upstream>();
  readonly #latencies = new Latencies();
  /** Those with health checks. */
  readonly #checked = new Set<Upstream>();
  readonly #forConsumers = new WeakMap<CompiledRoute, WeakMap<GatewayObject, ConsumerPrograms>>();
  /** Raised by every change that compiled routes may depend on, besides their own. */
  #generation = 0;
  #secretsVersion = 0;
  #globalProgram: Program | undefined = EMPTY;

  constructor(resources: Resources, factory: StepFactory, health: HealthSource) {
    this.#resources = resources;
    this.#factory = factory;
    this.#health = health;
    for (const entry of resources.values('routes')) this.#place(entry.id, entry.value);
    if ([...resources.values('global_rules')].length > 0) this.#globalProgram = undefined;
    resources.onChange((change) => this.#follow(change));
  }

  /**
   * Says what has to come before `find`: the body, where the route of a request hangs on `post_arg`. `undefined` for all
   * other requests, which need not wait. It gives the answer to a request whose body is too long to be held.
   */
  prepare(exchange: Exchange): Promise<Answer | undefined> | undefined {
    return this.#matcher.hangsOnBody(exchange) ? readPostArguments(exchange) : undefined;
  }

  /** Sets `exchange.route` when one matches. */
  find(exchange: Exchange): CompiledRoute | undefined {
    this.#followSecrets();
    const match = this.#matcher.find(exchange);
    if (match === undefined) return undefined;
    const route = this.#compile(match.target);
    exchange.parameters = match.parameters;
    const { id, name, serviceId, serviceName, plugins } = route;
    exchange.route = { id, name, serviceId, serviceName, plugins, uri: match.uri, host: match.host };
    return route;
  }

  /** The plugins of all global rules, in the order in which the rules were made. */
  get globalProgram(): Program {
    this.#followSecrets();
    if (this.#globalProgram === undefined) {
      const rules = [...this.#resources.values('global_rules')].sort(
        (a, b) => a.createdIndex - b.createdIndex,
      );
      const steps = rules.flatMap(({ id, value }) => this.#factory.stepsOf(value.plugins as PluginSet, id));
      this.#globalProgram = new Program(steps);
    }
    return this.#globalProgram;
  }

  /** What the consumer's and its group's plugins make of a route; `undefined` when they have none. */
  forConsumer(route: CompiledRoute, consumer: Consumer): ConsumerPrograms | undefined {
    const group =
      consumer.groupId === undefined ? undefined : this.#resources.get('consumer_groups', consumer.groupId);
    const own = { ...(group?.value.plugins as PluginSet), ...(consumer.value.plugins as PluginSet) };
    if (Object.keys(own).length === 0) return undefined;
    let programs = this.#forConsumers.get(route);
    if (programs === undefined) {
      programs = new WeakMap();
      this.#forConsumers.set(route, programs);
    }
    let found = programs.get(consumer.value);
    if (found === undefined) {
      found = this.#merge(route, own);
      programs.set(consumer.value, found);
    }
    return found;
  }

  #merge(route: CompiledRoute, own: PluginSet): ConsumerPrograms {
    // What an auth plugin has at a consumer is its key, not a configuration to run.
    const overriding = this.#factory.stepsOf(withoutAuth(own, this.#factory));
    const names = new Set(overriding.map((step) => step.name));
    const kept = route.program.steps.filter((step) => !names.has(step.name));
    const added = overriding.filter((step) => route.plugins[step.name] === undefined);
    return { added: new Program(added), merged: new Program(byPriority([...kept, ...overriding])) };
  }

  /** The nodes whose checks have begun, by who has the checks. */
  *checkedNodes(): Generator<CheckedNode> {
    for (const collection of ['routes', 'services', 'upstreams'] as const) {
      for (const { id, value } of this.#resources.values(collection)) {
        const held = collection === 'upstreams' ? value : (value.upstream as GatewayObject | undefined);
        const upstream = held && this.#upstreams.get(held);
        if (upstream?.health?.started !== true) continue;
        for (const node of upstream.nodes) {
          const healthy = upstream.health.isHealthy(node);
          yield {
            name: keyOf(collection, id),
            ip: node.host.replace(/^\[|\]$/g, ''),
            port: node.port,
            healthy,
          };
        }
      }
    }
  }

  /** Ends the health checks of all upstreams. */
  close(): void {
    for (const upstream of this.#checked) upstream.health?.end();
  }

  #follow({ collection, id, before, after }: Change): void {
    this.#retire(before?.value);
    if (collection === 'routes') {
      if (after === undefined) this.#matcher.remove(id);
      else this.#place(id, after.value);
      return;
    }
    if (collection === 'global_rules') this.#globalProgram = undefined;
    this.#generation++;
    if (collection === 'services' && !isDeepStrictEqual(before?.value.hosts, after?.value.hosts)) {
      for (const route of this.#resources.values('routes')) {
        if (String(route.value.service_id) === id) this.#place(route.id, route.value);
      }
    }
  }

  #followSecrets(): void {
    const { version } = this.#factory;
    if (version === this.#secretsVersion) return;
    this.#secretsVersion = version;
    this.#globalProgram = undefined;
    this.#generation++;
  }

  /** An upstream that was replaced or deleted is asked for no node any more. */
  #retire(value: GatewayObject | undefined): void {
    for (const held of [value, value?.upstream as GatewayObject | undefined]) {
      const upstream = held && this.#upstreams.get(held);
      if (upstream === undefined || !this.#checked.delete(upstream)) continue;
      upstream.health?.end();
    }
  }

  #place(id: string, value: GatewayObject): void {
    const service =
      value.service_id === undefined ? undefined : this.#resources.get('services', String(value.service_id));
    const hosts = value.hosts ?? (value.host === undefined ? service?.value.hosts : [value.host]);
    const slot: Slot = { id, value, compiled: undefined, generation: 0 };
    this.#matcher.set(id, value, hosts as string[] | undefined, slot);
  }

  #compile(slot: Slot): CompiledRoute {
    if (slot.compiled !== undefined && slot.generation === this.#generation) return slot.compiled;
    const { id, value } = slot;
    const serviceId = value.service_id === undefined ? undefined : String(value.service_id);
    const service = serviceId === undefined ? undefined : this.#resources.get('services', serviceId)?.value;
    const config =
      value.plugin_config_id === undefined
        ? undefined
        : this.#resources.get('plugin_configs', String(value.plugin_config_id))?.value;
    const plugins = {
      ...(service?.plugins as PluginSet | undefined),
      ...(config?.plugins as PluginSet | undefined),
      ...(value.plugins as PluginSet | undefined),
    };
    slot.compiled = {
      id,
      name: nameOf(value),
      serviceId,
      serviceName: nameOf(service),
      upstream: this.#upstreamOf(value) ?? (service && this.#upstreamOf(service)),
      timeouts: timeoutsOf(value.timeout),
      plugins,
      websocket: value.enable_websocket === true,
      requests: slot.compiled?.requests ?? 0,
      program: new Program(this.#factory.stepsOf(plugins)),
    };
    slot.generation = this.#generation;
    return slot.compiled;
  }

  #upstreamOf(owner: GatewayObject): Upstream | undefined {
    if (owner.upstream_id !== undefined) return this.upstream({ id: String(owner.upstream_id) });
    return owner.upstream === undefined ? undefined : this.upstream(owner.upstream as GatewayObject);
  }

  /** The upstream that a configuration holds, or names; one for as long as that stands. */
  upstream(given: { id: string } | GatewayObject): Upstream | undefined {
    const named = typeof given.id === 'string' && !('nodes' in given);
    const value = named
      ? this.#resources.get('upstreams', given.id as string)?.value
      : (given as GatewayObject);
    if (value === undefined) return undefined;
    let upstream = this.#upstreams.get(value);
    if (upstream === undefined) {
      upstream = new Upstream(value, this.#latencies, this.#health);
      this.#upstreams.set(value, upstream);
      if (upstream.health !== undefined) this.#checked.add(upstream);
    }
    return upstream;
  }
}

export interface ConsumerPrograms {
  /** The plugins that only the consumer brought: their rewrite phase is still to run. */
  added: Program;
  /** All plugins from here on; the consumer's win over its group's, those over the route's. */
  merged: Program;
}

const nameOf = (value: GatewayObject | undefined) =>
  value?.name === undefined ? undefined : bytesOf(String(value.name));

const byPriority = (steps: Step[]) => steps.sort((a, b) => b.priority - a.priority);

function withoutAuth(plugins: PluginSet, factory: StepFactory): PluginSet {
  return Object.fromEntries(Object.entries(plugins).filter(([name]) => !factory.authenticates(name)));
}
