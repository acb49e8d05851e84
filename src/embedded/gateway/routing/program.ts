import { compileExpression } from '../../../matching/expression.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { Phases, PluginHost, Verdict } from '../plugin.ts';
import { completed } from '../plugin-check.ts';
import { type AnyPlugin, PLUGINS } from '../plugin-registry.ts';
import { namesPostArguments, readPostArguments } from '../post-arguments.ts';
import { validationError } from '../schema/validator.ts';
import type { SecretReferences } from '../secret-references.ts';

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
  readonly #references: SecretReferences;
  readonly #steps = new WeakMap<Configuration, BuiltStep>();

  constructor(host: PluginHost, references: SecretReferences) {
    this.#host = host;
    this.#references = references;
  }

  /** Another number when secrets have changed: steps that hold some are built anew. */
  get version(): number {
    return this.#references.version;
  }

  /** The steps of a set, of a global rule's where its id is given: those that run first stand first, disabled ones are left out. */
  stepsOf(plugins: PluginSet, globalRule?: string): Step[] {
    const steps: Step[] = [];
    for (const [name, configuration] of Object.entries(plugins)) {
      const plugin = PLUGINS.get(name);
      const meta = configuration._meta as Meta | undefined;
      if (plugin === undefined || meta?.disable === true) continue;
      steps.push(this.#stepOf(plugin, configuration, meta, globalRule));
    }
    return steps.sort((a, b) => b.priority - a.priority);
  }

  /** True for a plugin that finds the consumer. */
  authenticates(name: string): boolean {
    return PLUGINS.get(name)?.type === 'auth';
  }

  #stepOf(
    plugin: AnyPlugin,
    configuration: Configuration,
    meta: Meta | undefined,
    globalRule: string | undefined,
  ): Step {
    const { version } = this;
    let built = this.#steps.get(configuration);
    if (built === undefined || (built.secretsOf !== undefined && built.secretsOf !== version)) {
      const complete = completed(plugin, configuration);
      const { value, unresolved } = this.#references.resolve(complete);
      const holdsSecrets = value !== complete;
      const usable = !holdsSecrets || (unresolved.length === 0 && fits(plugin, value));
      const phases = usable ? plugin.compile(value, this.#host, globalRule) : withoutSecret(plugin);
      built = {
        step: {
          name: plugin.name,
          priority: meta?.priority ?? plugin.priority,
          phases: governed(phases, meta, namesPostArguments(configuration)),
        },
        secretsOf: holdsSecrets ? version : undefined,
      };
      this.#steps.set(configuration, built);
    }
    return built.step;
  }
}

interface BuiltStep {
  step: Step;
  /** The version of the secrets in it, where it holds some. */
  secretsOf: number | undefined;
}

/** When it was configured, the plugin has seen references; a secret may be what it does not take. */
function fits(plugin: AnyPlugin, configuration: Configuration): boolean {
  return (validationError(plugin.schema, configuration) ?? plugin.check?.(configuration)) === undefined;
}

/** No request goes by a plugin that lacks what it needs. */
function withoutSecret({ name }: AnyPlugin): Phases {
  return {
    rewrite: () => ({ status: 500, body: { message: `a secret of the plugin ${name} is not available` } }),
  };
}

/**
 * The phases under what `_meta` says: only where the filter holds, and with its answer in place of an error. A plugin that
 * names arguments of the body runs once that is read.
 */
function governed(phases: Phases, meta: Meta | undefined, readsBody: boolean): Phases {
  const { filter: condition, error_response: wording } = meta ?? {};
  if (condition === undefined && wording === undefined && !readsBody) return phases;
  const filter = compileExpression(condition ?? []);
  // Judged once for each exchange, as in APISIX: what a plugin has begun in one phase it ends in a later one.
  const holds = (exchange: Exchange) => {
    const judged = exchange.noted(filter) as boolean | undefined;
    if (judged !== undefined) return judged;
    const result = filter(exchange);
    exchange.note(filter, result);
    return result;
  };
  const worded = (answer: Answer | undefined) =>
    answer !== undefined && answer.status >= 400 && wording !== undefined
      ? { ...answer, body: wording }
      : answer;
  const ending = (phase: ((exchange: Exchange) => Verdict) | undefined) =>
    phase &&
    ((exchange: Exchange): Verdict => {
      if (!holds(exchange)) return undefined;
      const verdict = phase(exchange);
      return verdict instanceof Promise ? verdict.then(worded) : worded(verdict);
    });
  const { rewrite, access, headerFilter, bodyFilter, log } = phases;
  const afterBody = (phase: Ending | undefined): Ending | undefined =>
    readsBody ? async (x) => (await readPostArguments(x)) ?? phase?.(x) : phase;
  return {
    rewrite: afterBody(ending(rewrite?.bind(phases))),
    access: afterBody(ending(access?.bind(phases))),
    headerFilter: headerFilter && ((x) => holds(x) && headerFilter.call(phases, x)),
    bodyFilter:
      bodyFilter && ((x, chunk, last) => (holds(x) ? bodyFilter.call(phases, x, chunk, last) : chunk)),
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

  bodyFilter(exchange: Exchange, chunk: Buffer, last: boolean): Buffer | Promise<Buffer> {
    let piece: Buffer | Promise<Buffer> = chunk;
    for (const filter of this.#bodyFilters) {
      piece =
        piece instanceof Promise
          ? piece.then((each) => filter(exchange, each, last))
          : filter(exchange, piece, last);
    }
    return piece;
  }

  /** @param failed told of each step that throws; the others still end what they have begun */
  log(exchange: Exchange, failed: (error: unknown) => void): void {
    for (const each of this.#logs) {
      try {
        each(exchange);
      } catch (error) {
        failed(error);
      }
    }
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
