import { compileExpression } from '../../../matching/expression.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { Phases, PluginHost, Verdict } from '../plugin.ts';
import { completed } from '../plugin-check.ts';
import { type AnyPlugin, PLUGINS } from '../plugins/registry.ts';

type Configuration = Record<string, unknown>;

interface Meta {
  disable?: boolean;
  priority?: number;
  filter?: unknown[];
  error_response?: string | object;
}

/** The plugins that a resource carries, by name; the objects are those of the store. */
export type PluginSet = Readonly<Record<string, Configuration>>;

/** One plugin with one configuration, ready to run. */
export interface Step {
  name: string;
  priority: number;
  phases: Phases;
}

/** Builds each configuration's phases once, for as long as the configuration is part of a resource. */
export class StepFactory {
  readonly #host: PluginHost;
  readonly #steps = new WeakMap<Configuration, Step>();

  constructor(host: PluginHost) {
    this.#host = host;
  }

  /** The steps of a set, those that run first standing first; disabled ones are left out. */
  stepsOf(plugins: PluginSet): Step[] {
    const steps: Step[] = [];
    for (const [name, configuration] of Object.entries(plugins)) {
      const plugin = PLUGINS.get(name);
      const meta = configuration._meta as Meta | undefined;
      if (plugin === undefined || meta?.disable === true) continue;
      steps.push(this.#stepOf(plugin, configuration, meta));
    }
    return steps.sort((a, b) => b.priority - a.priority);
  }

  /** True for a plugin that finds the consumer. */
  authenticates(name: string): boolean {
    return PLUGINS.get(name)?.type === 'auth';
  }

  #stepOf(plugin: AnyPlugin, configuration: Configuration, meta: Meta | undefined): Step {
    let step = this.#steps.get(configuration);
    if (step === undefined) {
      step = {
        name: plugin.name,
        priority: meta?.priority ?? plugin.priority,
        phases: governed(plugin.compile(completed(plugin, configuration), this.#host), meta),
      };
      this.#steps.set(configuration, step);
    }
    return step;
  }
}

/** The phases under what `_meta` says: only where the filter holds, and with its answer in place of an error. */
function governed(phases: Phases, meta: Meta | undefined): Phases {
  if (meta?.filter === undefined && meta?.error_response === undefined) return phases;
  const holds = meta.filter === undefined ? () => true : compileExpression(meta.filter);
  const worded = (answer: Answer | undefined) =>
    answer !== undefined && answer.status >= 400 && meta.error_response !== undefined
      ? { ...answer, body: meta.error_response }
      : answer;
  const ending = (phase: ((exchange: Exchange) => Verdict) | undefined) =>
    phase &&
    ((exchange: Exchange): Verdict => {
      if (!holds(exchange)) return undefined;
      const verdict = phase(exchange);
      return verdict instanceof Promise ? verdict.then(worded) : worded(verdict);
    });
  const { rewrite, access, headerFilter, bodyFilter, log } = phases;
  return {
    rewrite: ending(rewrite?.bind(phases)),
    access: ending(access?.bind(phases)),
    headerFilter: headerFilter && ((x) => holds(x) && headerFilter.call(phases, x)),
    bodyFilter: bodyFilter && ((x, chunk) => (holds(x) ? bodyFilter.call(phases, x, chunk) : chunk)),
    log: log && ((x) => holds(x) && log.call(phases, x)),
  } as Phases;
}

type Ending = (exchange: Exchange) => Verdict;

/** A list of steps, phase by phase, so that a phase without plugins costs nothing. */
export class Program {
  readonly rewrite: readonly Ending[];
  readonly access: readonly Ending[];
  readonly #headerFilters: readonly NonNullable<Phases['headerFilter']>[];
  readonly #bodyFilters: readonly NonNullable<Phases['bodyFilter']>[];
  readonly #logs: readonly NonNullable<Phases['log']>[];

  constructor(readonly steps: readonly Step[]) {
    const phases = steps.map((step) => step.phases);
    this.rewrite = phases.flatMap((each) => (each.rewrite === undefined ? [] : [each.rewrite.bind(each)]));
    this.access = phases.flatMap((each) => (each.access === undefined ? [] : [each.access.bind(each)]));
    this.#headerFilters = phases.flatMap((each) => each.headerFilter?.bind(each) ?? []);
    this.#bodyFilters = phases.flatMap((each) => each.bodyFilter?.bind(each) ?? []);
    this.#logs = phases.flatMap((each) => each.log?.bind(each) ?? []);
  }

  get filtersBody(): boolean {
    return this.#bodyFilters.length > 0;
  }

  headerFilter(exchange: Exchange): void {
    for (const filter of this.#headerFilters) filter(exchange);
  }

  bodyFilter(exchange: Exchange, chunk: Buffer): Buffer {
    let piece = chunk;
    for (const filter of this.#bodyFilters) piece = filter(exchange, piece);
    return piece;
  }

  log(exchange: Exchange): void {
    for (const each of this.#logs) each(exchange);
  }
}

/** Runs the steps until one ends the request. Without a step that waits, nothing waits. */
export function runUntilAnswer(steps: readonly Ending[], exchange: Exchange, from = 0): Verdict {
  for (let i = from; i < steps.length; i++) {
    const verdict = (steps[i] as Ending)(exchange);
    if (verdict === undefined) continue;
    if (!(verdict instanceof Promise)) return verdict;
    return verdict.then((answer) => answer ?? runUntilAnswer(steps, exchange, i + 1));
  }
  return undefined;
}
