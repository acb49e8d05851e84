import type Docker from 'dockerode';
import type { MessageProperties } from './amqp/message-properties.ts';
import type { ListeningSocket, OutgoingPorts, ProcessFamily, RunningProcess } from './model/observation.ts';
import type { Binding, Exchange, Queue } from './model/topology.ts';

/**
 * What a part may reach of the world outside it. Parts take the few members they need
 * (`Pick<Context, 'http' | 'clock'>`); the real ones stand in `system/` and are wired in `commands/main.ts` alone.
 * Files are reached through `node:fs` directly.
 */
export interface Context {
  io: Io;
  env: Readonly<Record<string, string | undefined>>;
  /** The working folder of the command, absolute. */
  cwd: string;
  clock: Clock;
  /** Aborted when the user interrupts (Ctrl-C, SIGTERM). Everything that waits listens to it. */
  interrupted: AbortSignal;
  exec: Exec;
  http: Http;
  amqp: AmqpConnect;
  sql: SqlConnect;
  redis: RedisConnect;
  docker: DockerConnect;
  host: Host;
  tcp: Tcp;
  prompts: Prompts;
  installation: Installation;
}

/** This very qbtc: where it stands, and which version it is. */
export interface Installation {
  /** The folder of the package, absolute: it holds `dist`, `templates`, `node_modules` (of a checkout). */
  root: string;
  version: string;
}

export interface Io {
  /** Data, to stdout. Secret values are masked here, for every command alike. */
  out(text: string): void;
  /** Progress and notices, to stderr; masked too. */
  err(text: string): void;
  /** The one way past the mask: `secrets get`. */
  reveal(text: string): void;
  /** Adds values that `out` and `err` mask from now on. */
  mask(secrets: Iterable<string>): void;
  /** A text as it may go into a file that others read, without those values. */
  masked(text: string): string;
  /** Aborted when nobody reads stdout any more (`qbtc logs --follow | head`): what goes on for ever ends then. */
  unread: AbortSignal;
  /** True when a person sits at both stdin and stderr: prompts and spinners are allowed. */
  interactive: boolean;
  /** True when stdout may be coloured (a terminal, no `NO_COLOR`). */
  color: boolean;
  /** The same for stderr. */
  errColor: boolean;
  /** Columns of stdout; 80 without a terminal. */
  columns: number;
  /** What a program is given that a person works with. */
  terminal: Terminal;
  progress: Progress;
}

/** Where a program reads and writes; `tty` when a person sits at both ends. */
export interface Terminal {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  tty: boolean;
}

/** Progress of long work. On a terminal a spinner, otherwise one line a step. */
export interface Progress {
  /** Starts a step, or says what it is waiting for now. */
  step(name: string, waitingFor?: string): void;
  done(name: string, result?: string): void;
  failed(name: string, reason: string): void;
  /** Removes the spinner; called once, at the end. */
  stop(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never jump, for durations. */
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Runs a program to its end without a shell. Never rejects because of its exit code; one that a signal ended has 128 and
 * its number.
 */
export type Exec = (
  program: string,
  args: readonly string[],
  options?: {
    cwd?: string;
    env?: Record<string, string>;
    timeoutMs?: number;
    signal?: AbortSignal;
    input?: string;
    uid?: number;
    gid?: number;
    /** The program reads and writes there, and has our signals: the terminal is its own meanwhile, and nothing is kept. */
    terminal?: Terminal;
    /** What the program starts ends with it, when it is interrupted or its time is over: `npx` starts what it is asked to. */
    withChildren?: boolean;
    /** Called with each line of stdout and stderr as it comes. */
    onLine?: (line: string) => void;
  },
) => Promise<{ exitCode: number; stdout: string; stderr: string; notFound: boolean; timedOut: boolean }>;

export interface HttpRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** The deadline of the whole exchange. */
  timeoutMs: number;
  /** The most that the body of the answer may hold; no limit when left out. */
  maxBytes?: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names; repeated headers joined with `, `. */
  headers: Record<string, string>;
  body: string;
}

/**
 * One HTTP exchange; any status is an answer. Rejects with an `Error` whose `code` is Node's
 * (`ECONNREFUSED`, `ECONNRESET`, …), `ETIMEDOUT` when there was no answer, or `EMSGSIZE` when it is larger than `maxBytes`.
 */
export type Http = (url: string, request: HttpRequest) => Promise<HttpResponse>;

/** A message with all that it carries, so that it can be put elsewhere as it is. */
export interface RawMessage {
  exchange: string;
  routingKey: string;
  /** The bytes that they came as: what is put elsewhere keeps each of them. */
  properties: MessageProperties;
  content: Buffer;
}

/** A message as it went over the broker. */
export interface BrokerMessage extends RawMessage {
  /** `clock.monotonic()` when it arrived here. */
  receivedAt: number;
}

/** The properties that a message is published with. */
export interface PublishProperties {
  contentType?: string;
  contentEncoding?: string;
  headers?: Record<string, unknown>;
  /** 1: lost with the broker. 2: kept; also where it is left out. */
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  /** Milliseconds, as text. */
  expiration?: string;
  messageId?: string;
  /** Seconds since 1970. */
  timestamp?: number;
  type?: string;
  userId?: string;
  appId?: string;
}

/** Messages that a queue has handed out and still counts as its own. */
export interface HeldMessages {
  messages: RawMessage[];
  /** Takes them out of the queue for good, all at once; or those at these places in `messages`. */
  acknowledge(places?: readonly number[]): Promise<void>;
  /** Puts back what is not acknowledged, and lets go of the queue. Called last. */
  release(): Promise<void>;
}

export interface AmqpConnection {
  /** Copies of what passes the exchange from now on, through an exclusive queue of its own: nobody loses a message. */
  tap(
    bindings: { exchange: string; routingKey: string }[],
    onMessage: (message: BrokerMessage) => void,
  ): Promise<void>;
  /**
   * Resolves when the broker has confirmed; rejects when it refused the message, and with the code `UNROUTED` when it
   * had no queue for it.
   */
  publish(
    target: { exchange: string; routingKey: string },
    content: Buffer,
    properties?: PublishProperties,
  ): Promise<void>;
  /** Depth and consumers of a queue; `undefined` when there is none of that name. */
  inspectQueue(name: string): Promise<{ messages: number; consumers: number } | undefined>;
  exchangeExists(name: string): Promise<boolean>;
  declareExchange(exchange: Exchange): Promise<void>;
  declareQueue(queue: Queue): Promise<void>;
  bind(binding: Binding): Promise<void>;
  unbind(binding: Binding): Promise<void>;
  /** Takes up to `count` messages from the head of a queue, in order. They go back unless they are acknowledged. */
  hold(queue: string, count: number): Promise<HeldMessages>;
  /**
   * Copies of up to `count` messages at the head of a classic queue that nobody consumes; they stay in it.
   * `undefined` when there is no such queue.
   */
  peek(queue: string, count: number): Promise<RawMessage[] | undefined>;
  /**
   * Publishes the messages in order; resolves when the broker has confirmed all of them, and rejects when it refused
   * one or had no queue for it.
   */
  publishAll(exchange: string, messages: readonly RawMessage[]): Promise<void>;
  close(): Promise<void>;
}
export type AmqpConnect = (
  url: string,
  options: { timeoutMs: number; name: string },
) => Promise<AmqpConnection>;

export interface SqlConnection {
  query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  close(): Promise<void>;
}
export type SqlConnect = (url: string, options: { timeoutMs: number }) => Promise<SqlConnection>;

export interface RedisConnection {
  command(name: string, ...args: (string | number)[]): Promise<unknown>;
  close(): Promise<void>;
}
export type RedisConnect = (url: string, options: { timeoutMs: number }) => Promise<RedisConnection>;

/**
 * The Docker engine that the docker program would talk to. Opening asks nothing yet; `timeoutMs` is the deadline of
 * each question (none for what goes on: logs, builds).
 *
 * @throws QbtcError `ENGINE_UNREACHABLE` for an address of a kind that cannot be used
 */
export type DockerConnect = (options?: {
  timeoutMs?: number;
}) => Promise<{ address: string; engine: Docker }>;

/** What the operating system knows. Each platform has an implementation of its own. */
export interface Host {
  /** @throws QbtcError `SOCKETS_UNREADABLE` */
  listeningSockets(): Promise<ListeningSocket[]>;
  /**
   * A text that changes when what listens changes, as cheap as this system can make it: no owners are looked up.
   * @throws QbtcError `SOCKETS_UNREADABLE`
   */
  listeningMark(): Promise<string>;
  /** Which process holds which of these local ports of established TCP connections, as far as we may see it. */
  connectionOwners(localPorts: ReadonlySet<number>): Promise<Map<number, number>>;
  /** Every process that we may see. */
  processes(): Promise<RunningProcess[]>;
  /** Where the process stands among the others; `undefined` when it is gone or cannot be seen. */
  processFamily(pid: number): Promise<ProcessFamily | undefined>;
  /** `undefined` where the system does not tell. */
  outgoingPorts(): Promise<OutgoingPorts | undefined>;
  /** The value of a variable in the environment of each process that has it and that we may see; by pid. */
  processVariable(name: string): Promise<Map<number, string>>;
  /** When the process started, as an opaque string that tells a reused pid apart; `undefined` when it is gone. */
  processStartTime(pid: number): Promise<string | undefined>;
}

/** Bare TCP, for asking what speaks at a port. */
export interface Tcp {
  /**
   * Connects, sends the bytes, and gives what comes back first. `undefined` when nothing came in time; an empty buffer
   * when the far side closed without a word. Rejects when there is no connection.
   */
  ask(address: { host: string; port: number }, bytes: Buffer, timeoutMs: number): Promise<Buffer | undefined>;
  /**
   * Connects to each port from `first` to `last` and lets go at once; gives those that took the connection, in order.
   * Connections to oneself, which TCP allows among the ephemeral ports, are not counted.
   */
  scan(
    host: string,
    range: { first: number; last: number },
    options: { timeoutMs: number; signal: AbortSignal; onProgress?: (scanned: number) => void },
  ): Promise<number[]>;
}

export interface Prompts {
  input(
    message: string,
    options?: { default?: string; validate?: (value: string) => true | string },
  ): Promise<string>;
  /** A text that is not shown while it is typed. */
  secret(message: string): Promise<string>;
  confirm(message: string, options?: { default?: boolean }): Promise<boolean>;
  select<T extends string>(message: string, choices: { name: string; value: T }[]): Promise<T>;
  /** Several of the choices, all of which are ticked at first. */
  tick<T extends string>(message: string, choices: { name: string; value: T }[]): Promise<T[]>;
}
