import { isDeepStrictEqual } from 'node:util';
import { Matcher } from '../../../matching/matcher.ts';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Consumer, Exchange } from '../exchange.ts';
import { type Timeouts, Upstream } from '../proxy/upstream.ts';
import type { Change, Store } from '../state/store.ts';
import { type PluginSet, Program, type Step, type StepFactory } from './program.ts';

/** A route with everything that it refers to. */
export interface CompiledRoute {
  id: string;
  serviceId: string | undefined;
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
  readonly #store: Store;
  readonly #factory: StepFactory;
  readonly #matcher = new Matcher<Slot>();
  readonly #upstreams = new WeakMap<GatewayObject, Upstream>();
  /** Those with health checks. */
  readonly #checked = new Set<Upstream>();
  readonly #forConsumers = new WeakMap<CompiledRoute, WeakMap<GatewayObject, ConsumerPrograms>>();
  /** Raised by every change that compiled routes may depend on, besides their own. */
  #generation = 0;
  #globalProgram: Program | undefined = EMPTY;

  constructor(store: Store, factory: StepFactory) {
    this.#store = store;
    this.#factory = factory;
    for (const entry of store.values('routes')) this.#place(entry.id, entry.value);
    if ([...store.values('global_rules')].length > 0) this.#globalProgram = undefined;
    store.onChange((change) => this.#follow(change));
  }

  /** Sets `exchange.route` when one matches. */
  find(exchange: Exchange): CompiledRoute | undefined {
    const match = this.#matcher.find(exchange);
    if (match === undefined) return undefined;
    const route = this.#compile(match.target);
    exchange.parameters = match.parameters;
    exchange.route = { id: route.id, serviceId: route.serviceId, uri: match.uri, host: match.host };
    return route;
  }

  /** The plugins of all global rules, in the order in which the rules were made. */
  get globalProgram(): Program {
    if (this.#globalProgram === undefined) {
      const rules = [...this.#store.values('global_rules')].sort((a, b) => a.createdIndex - b.createdIndex);
      const steps = rules.flatMap(({ value }) => this.#factory.stepsOf(value.plugins as PluginSet));
      this.#globalProgram = new Program(steps);
    }
    return this.#globalProgram;
  }

  /** What the consumer's and its group's plugins make of a route; `undefined` when they have none. */
  forConsumer(route: CompiledRoute, consumer: Consumer): ConsumerPrograms | undefined {
    const group =
      consumer.groupId === undefined ? undefined : this.#store.get('consumer_groups', consumer.groupId);
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
      for (const route of this.#store.values('routes')) {
        if (String(route.value.service_id) === id) this.#place(route.id, route.value);
      }
    }
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
      value.service_id === undefined ? undefined : this.#store.get('services', String(value.service_id));
    const hosts = value.hosts ?? (value.host === undefined ? service?.value.hosts : [value.host]);
    const slot: Slot = { id, value, compiled: undefined, generation: 0 };
    this.#matcher.set(id, value, hosts as string[] | undefined, slot);
  }

  #compile(slot: Slot): CompiledRoute {
    if (slot.compiled !== undefined && slot.generation === this.#generation) return slot.compiled;
    const { id, value } = slot;
    const serviceId = value.service_id === undefined ? undefined : String(value.service_id);
    const service = serviceId === undefined ? undefined : this.#store.get('services', serviceId)?.value;
    const config =
      value.plugin_config_id === undefined
        ? undefined
        : this.#store.get('plugin_configs', String(value.plugin_config_id))?.value;
    const plugins = {
      ...(service?.plugins as PluginSet | undefined),
      ...(config?.plugins as PluginSet | undefined),
      ...(value.plugins as PluginSet | undefined),
    };
    slot.compiled = {
      id,
      serviceId,
      upstream: this.#upstreamOf(value) ?? (service && this.#upstreamOf(service)),
      timeouts: value.timeout as Timeouts | undefined,
      plugins,
      websocket: value.enable_websocket === true,
      requests: slot.compiled?.requests ?? 0,
      program: new Program(this.#factory.stepsOf(plugins)),
    };
    slot.generation = this.#generation;
    return slot.compiled;
  }

  #upstreamOf(owner: GatewayObject): Upstream | undefined {
    const value =
      owner.upstream_id === undefined
        ? (owner.upstream as GatewayObject | undefined)
        : this.#store.get('upstreams', String(owner.upstream_id))?.value;
    if (value === undefined) return undefined;
    let upstream = this.#upstreams.get(value);
    if (upstream === undefined) {
      upstream = new Upstream(value);
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

const byPriority = (steps: Step[]) => steps.sort((a, b) => b.priority - a.priority);

function withoutAuth(plugins: PluginSet, factory: StepFactory): PluginSet {
  return Object.fromEntries(Object.entries(plugins).filter(([name]) => !factory.authenticates(name)));
}
