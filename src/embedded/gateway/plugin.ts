import type { GatewayObject } from '../../model/gateway.ts';
import type { Log } from '../program.ts';
import type { Answer } from './answer.ts';
import type { Counters } from './counters.ts';
import type { Consumer, Exchange } from './exchange.ts';
import type { Upstream } from './proxy/upstream.ts';
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
  /**
   * A piece of the response's body; gives the piece to send instead. `last` comes once, at the end, with what is left
   * or with nothing: whoever held something back gives it then.
   */
  bodyFilter?(exchange: Exchange, chunk: Buffer, last: boolean): Buffer | Promise<Buffer>;
  /** The exchange is over, whether whole or cut. */
  log?(exchange: Exchange): void;
}

/** A metric of a plugin's own. */
export interface PluginGauge {
  name: string;
  help: string;
  /** What the values of several workers are together. */
  together: 'max' | 'sum';
}

/** What the gateway offers to its plugins. */
export interface PluginHost {
  /**
   * The consumer whose configuration (its own or a credential's) of this plugin holds the value in the field. The value
   * is as it came over the wire, one character a byte.
   */
  findConsumer(plugin: string, field: string, value: string): Consumer | undefined;
  /** The consumer of that name, without credential. */
  consumerNamed(username: string): Consumer | undefined;
  /** The upstream that stands in a configuration, ready to be asked for nodes; `id` for one of `/upstreams`. */
  upstream(value: { id: string } | GatewayObject): Upstream | undefined;
  /** State that all configurations of a plugin share, made once for each gateway. */
  shared<T>(key: object, create: () => T): T;
  /**
   * Lets an event that one process of the gateway tells be taken in all of them, that one included, in the same order.
   * Gives what tells it; the event must be what JSON can hold. To be called once for each `name`.
   */
  bulletin<Event>(name: string, take: (event: Event) => void): (event: Event) => void;
  /** What is said once for all uses of the plugin (`/plugin_metadata/NAME`); the same object until that changes. */
  metadata(plugin: string): Record<string, unknown> | undefined;
  /** Gives the metrics of the gateway in the form of Prometheus. */
  metrics(): Promise<string>;
  /** Sets one of the Prometheus metrics; those of one name have the same labels. */
  gauge(gauge: PluginGauge, labels: Record<string, string>, value: number): void;
  /** What the limits with `policy: local` count with. */
  readonly counters: Counters;
  /** Says what a plugin cannot say to a client. */
  readonly log: Log;
  /** Runs `end` when the gateway closes, after its last exchange; the gateway waits for it. */
  onClose(end: () => Promise<void>): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 to 1, 1 excluded: for samples, not for secrets. */
  random(): number;
  /** Where the data plane listens behind TLS; `undefined` where it does not. */
  readonly httpsPort: number | undefined;
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
  /** The same for what `consumerSchema` describes, without defaults. */
  checkConsumer?(configuration: Record<string, unknown>): string | undefined;
  /**
   * Gives the headers that a configuration, or the metadata, names or gives a value: one that could not be sent is refused.
   * The name or the value is `''` where it does not stand there; what is left out may be `undefined`.
   */
  fieldsOf?(configuration: Record<string, unknown>): (readonly [name: unknown, value: unknown])[];
  /** Names the group of configurations that this one counts with, where it is in one: they must all be equal. */
  groupOf?(configuration: Configuration): string | undefined;
  /**
   * Builds the phases for one configuration. Called once for each configuration, not for each request. `globalRule` is the
   * id of the rule, where it stands in one.
   */
  compile(configuration: Configuration, host: PluginHost, globalRule?: string): Phases;
}
