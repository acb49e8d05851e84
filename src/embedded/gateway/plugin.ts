import type { Answer } from './answer.ts';
import type { Consumer, Exchange } from './exchange.ts';
import type { JsonSchema } from './schema/validator.ts';

/** What a phase that may end the request gives: nothing to go on, or the answer to send. */
export type Verdict = Answer | undefined | Promise<Answer | undefined>;

/**
 * The phases of a plugin for one configuration, in the order in which a request passes them; the names are APISIX's.
 * Among plugins the higher priority runs first, in every phase.
 */
export interface Phases {
  rewrite?(exchange: Exchange): Verdict;
  access?(exchange: Exchange): Verdict;
  /** The response's head is known and not sent yet. Also runs on what the gateway itself answers. */
  headerFilter?(exchange: Exchange): void;
  /** A piece of the response's body; gives the piece to send instead. Must not hold pieces back. */
  bodyFilter?(exchange: Exchange, chunk: Buffer): Buffer;
  /** The exchange is over, whether whole or cut. */
  log?(exchange: Exchange): void;
}

/** What the gateway offers to its plugins. */
export interface PluginHost {
  /** The consumer whose configuration (its own or a credential's) of this plugin holds the value in the field. */
  findConsumer(plugin: string, field: string, value: string): Consumer | undefined;
  /** The consumer of that name, without credential. */
  consumerNamed(username: string): Consumer | undefined;
  /** State that all configurations of a plugin share, made once for each gateway. */
  shared<T>(key: object, create: () => T): T;
  /** What is said once for all uses of the plugin (`/plugin_metadata/NAME`). */
  metadata(plugin: string): Record<string, unknown> | undefined;
  /** Sets a gauge of the Prometheus metrics, one value a route. */
  gauge(name: string, help: string, route: string, value: number): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * One plugin. Each stands in a file of its own in `plugins/` and is named in `plugins/registry.ts`;
 * `Configuration` is what the schema describes, with its defaults filled in.
 */
export interface Plugin<Configuration = never> {
  name: string;
  version: number;
  /** APISIX's own number; ours must not be any built-in's. */
  priority: number;
  /** Auth plugins find the consumer; only they may stand in a credential. */
  type?: 'auth';
  schema: JsonSchema;
  /** For plugins that are configured differently at a consumer. Fields named in `encrypt_fields` are secrets. */
  consumerSchema?: JsonSchema;
  metadataSchema?: JsonSchema;
  /** What a schema cannot say; the message as APISIX words it. Also refuses what this gateway cannot do. */
  check?(configuration: Configuration): string | undefined;
  /** Builds the phases for one configuration. Called once for each configuration, not for each request. */
  compile(configuration: Configuration, host: PluginHost): Phases;
}
