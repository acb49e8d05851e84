import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import { sorted, type Table } from '../codec/table.ts';
import type { Counters } from '../counters.ts';
import { AmqpError, describe } from '../errors.ts';
import type { Binding } from '../exchange/binding.ts';
import { Exchange, type ExchangeProperties } from '../exchange/exchange.ts';
import { EXCHANGE_TYPES } from '../exchange/types/index.ts';
import { traceOf } from '../guard.ts';
import type { Message } from '../message.ts';
import { assertNotReserved, generateName, isReserved, withoutLineBreaks } from '../names.ts';
import { KNOWN_ARGUMENTS, queueSettings } from '../queue/arguments.ts';
import type { Entry } from '../queue/entry.ts';
import type { QueueEnvironment, QueueProperties } from '../queue/environment.ts';
import { Queue } from '../queue/queue.ts';
import type { Image } from '../store/image.ts';
import type { QueueRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import { DeadLetters } from './dead-letters.ts';
import { assertAlternate, readQueue } from './declaration.ts';
import { assertArgumentsEquivalent, assertEquivalent } from './equivalence.ts';
import { Policies } from './policies.ts';
import { type ReplyTargets, route } from './router.ts';

/** The exchanges that every virtual host is born with; the nameless one routes by the names of queues. */
const PREDECLARED = [
  ['', 'direct', false],
  ['amq.direct', 'direct', false],
  ['amq.fanout', 'fanout', false],
  ['amq.headers', 'headers', false],
  ['amq.match', 'headers', false],
  ['amq.rabbitmq.trace', 'topic', true],
  ['amq.topic', 'topic', false],
] as const;

/** What a virtual host may hold; no limit is `undefined`. */
export interface VhostLimits {
  'max-queues'?: number;
  'max-connections'?: number;
}

export interface BindingRequest {
  source: string;
  destination: { kind: 'queue' | 'exchange'; name: string };
  routingKey: string;
  arguments: Table;
}

/**
 * The exchanges, queues and bindings of one virtual host, and the rules under which they come and go.
 * Every refusal is an `AmqpError` with RabbitMQ's own code and text.
 */
export class VirtualHost {
  readonly name: string;
  readonly exchanges = new Map<string, Exchange>();
  readonly queues = new Map<string, Queue>();
  readonly policies = new Policies();
  limits: VhostLimits = {};
  private readonly environment: QueueEnvironment;
  private readonly store: Store;
  private readonly counters: Counters;
  private readonly replyTargets: ReplyTargets;
  private readonly log: Log;

  constructor(name: string, store: Store, replyTargets: ReplyTargets, counters: Counters, log: Log) {
    this.name = name;
    this.counters = counters;
    this.replyTargets = replyTargets;
    this.store = store;
    this.log = log;
    const deadLetters = new DeadLetters(
      {
        exchange: (exchange) => this.exchanges.get(exchange),
        route: (exchange, message) => this.route(exchange, message),
      },
      counters,
      log,
    );
    this.environment = {
      store,
      deadLetter: (queue, entry, reason, settled) => deadLetters.bury({ queue, entry, reason, settled }),
      ended: (queue) => this.removeQueue(queue),
      failed: (queue, error) => this.setAside(queue, error),
    };
    for (const [exchange, typeName, internal] of PREDECLARED) {
      const properties = { durable: true, autoDelete: false, internal, arguments: new Map() };
      this.addExchange(exchange, typeName, properties);
    }
  }

  /**
   * Puts back what an earlier process has left; called once, before anybody is served. What cannot be put back stays in
   * the store and is named; everything else goes on.
   */
  restore({ exchanges, queues, bindings }: Image): void {
    for (const { name, type, ...properties } of exchanges.values())
      attempt(
        () => this.addExchange(name, type, { ...properties, durable: true }),
        (error) => this.cannotRestore('exchange', name, error),
      );
    const spent = new Map<Queue, Entry[]>();
    const failed = new Map<Queue, unknown>();
    for (const { definition, messages } of queues.values()) {
      let queue: Queue | undefined;
      try {
        queue = this.restoredQueue(definition, definition.arguments);
        spent.set(queue, queue.restore(messages.values()));
      } catch (error) {
        queue?.close();
        queue = this.restoredQueue(definition, new Map());
        failed.set(queue, error);
      }
      this.queues.set(definition.name, queue);
    }
    for (const binding of bindings)
      if (this.hasEnds(binding))
        attempt(
          () => this.addBinding(this.resolve(binding, undefined)),
          (error) => this.cannotRestore('binding', `${binding.source} to ${binding.destination.name}`, error),
        );
    // First: what is dead-lettered now may reach them. Not before: the bindings are theirs still.
    for (const [queue, error] of failed) this.setAside(queue, error);
    for (const [queue, entries] of spent)
      if (!queue.crashed)
        attempt(
          () => queue.resumeAfterRestart(entries),
          (error) => this.setAside(queue, error),
        );
  }

  /** With what is known of it: a definition that cannot be used leaves a queue without arguments, to be set aside. */
  private restoredQueue({ name, autoDelete }: QueueRecord, given: Table): Queue {
    const settings = queueSettings(name, this.name, given);
    const whole = { autoDelete, arguments: given, durable: true, exclusiveOwner: undefined };
    return new Queue(name, whole, settings, this.environment, this.policies.ofQueue(name, settings.type));
  }

  private cannotRestore(kind: 'exchange' | 'binding', name: string, error: unknown): void {
    const context = { vhost: this.name, [kind]: name, error: messageOf(error) };
    this.log(
      'error',
      `the ${kind} cannot be put back: what is stored of it stays, and the rest goes on`,
      context,
    );
  }

  describe(kind: 'queue' | 'exchange', name: string): string {
    return describe(kind, name, this.name);
  }

  /** The exchange of a name. Throws NOT_FOUND. */
  exchange(name: string): Exchange {
    const exchange = this.exchanges.get(name);
    if (exchange === undefined) throw this.notFound('exchange', name);
    return exchange;
  }

  /** The queue of a name, if `user` may use it. Throws NOT_FOUND or RESOURCE_LOCKED. */
  queue(name: string, user: object | undefined): Queue {
    const queue = this.ownedQueue(name, user);
    this.assertWorks(queue);
    return queue;
  }

  /** The queue has failed: the others go on without it. */
  private setAside(queue: Queue, error: unknown): void {
    this.log('error', 'a queue has failed and is set aside: it can be deleted, or read again by a restart', {
      vhost: this.name,
      queue: queue.name,
      error: traceOf(error),
    });
    queue.setAside();
  }

  private ownedQueue(name: string, user: object | undefined): Queue {
    const queue = this.queues.get(name);
    if (queue === undefined) throw this.notFound('queue', name);
    if (queue.exclusiveOwner !== undefined && queue.exclusiveOwner !== user) throw this.locked(name);
    return queue;
  }

  private assertWorks(queue: Queue): void {
    if (!queue.crashed) return;
    const explanation = `${this.describe('queue', queue.name)} has crashed and failed to restart`;
    throw new AmqpError('NOT_FOUND', explanation);
  }

  declareExchange(rawName: string, typeName: string, properties: ExchangeProperties): Exchange {
    const type = EXCHANGE_TYPES.get(typeName);
    if (type === undefined) throw new AmqpError('COMMAND_INVALID', `unknown exchange type '${typeName}'`);
    const name = withoutLineBreaks(rawName);
    assertNotDefault(name);
    const existing = this.exchanges.get(name);
    if (existing !== undefined) {
      const resource = this.describe('exchange', name);
      assertEquivalent(resource, 'type', existing.type.name, typeName);
      assertEquivalent(resource, 'durable', existing.durable, properties.durable);
      assertEquivalent(resource, 'auto_delete', existing.autoDelete, properties.autoDelete);
      assertEquivalent(resource, 'internal', existing.internal, properties.internal);
      assertArgumentsEquivalent(resource, ['alternate-exchange'], existing.arguments, properties.arguments);
      return existing;
    }
    assertNotReserved('exchange', name);
    assertAlternate(name, this.name, properties.arguments);
    const exchange = this.newExchange(name, typeName, properties);
    this.store.exchangeDeclared(exchange);
    this.exchanges.set(name, exchange);
    return exchange;
  }

  /** Passive: it must be there. */
  checkExchange(rawName: string): void {
    const name = withoutLineBreaks(rawName);
    assertNotDefault(name);
    this.exchange(name);
  }

  deleteExchange(rawName: string, ifUnused: boolean): void {
    const name = withoutLineBreaks(rawName);
    assertNotDefault(name);
    if (isReserved(name))
      throw new AmqpError(
        'ACCESS_REFUSED',
        `deletion of system ${this.describe('exchange', name)} not allowed`,
      );
    const exchange = this.exchanges.get(name);
    if (exchange === undefined) return;
    if (ifUnused && exchange.outgoing.size > 0)
      throw new AmqpError('PRECONDITION_FAILED', `${this.describe('exchange', name)} in use`);
    this.removeExchange(exchange);
  }

  /**
   * Creates a queue or checks that the existing one is the same. An empty name is replaced by a generated one.
   * `assertMay` is asked about the name before anything is done.
   */
  declareQueue(
    rawName: string,
    properties: QueueProperties,
    assertMay: (name: string) => void = () => undefined,
  ): Queue {
    const given = withoutLineBreaks(rawName);
    // An exclusive queue ends with its connection, so it is never durable, whatever was asked for.
    const durable = properties.durable && properties.exclusiveOwner === undefined;
    const type = properties.arguments.get('x-queue-type')?.value;
    if (given === '' && type === 'quorum')
      throw new AmqpError(
        'PRECONDITION_FAILED',
        'Cannot declare a server-named queue for type rabbit_quorum_queue',
      );
    if (given !== '') assertNotReserved('queue', given);
    const name = given === '' ? generateName('amq.gen') : given;
    assertMay(name);
    const existing = this.queues.get(name);
    if (existing !== undefined) {
      this.assertWorks(existing);
      this.assertSameQueue(existing, { ...properties, durable });
      existing.touch();
      return existing;
    }
    const settings = readQueue(name, this.name, { ...properties, durable });
    this.assertRoomForQueue(name);
    const policy = this.policies.ofQueue(name, settings.type);
    const queue = new Queue(name, { ...properties, durable }, settings, this.environment, policy);
    try {
      this.store.queueDeclared(queue);
    } catch (error) {
      queue.close();
      throw error;
    }
    this.queues.set(name, queue);
    this.counters.queuesCreated += 1;
    return queue;
  }

  /** Gives how many messages were in it; 0 when there is no such queue. */
  deleteQueue(
    rawName: string,
    user: object | undefined,
    conditions: { ifUnused: boolean; ifEmpty: boolean },
  ): number {
    const name = withoutLineBreaks(rawName);
    if (!this.queues.has(name)) return 0;
    const queue = this.ownedQueue(name, user);
    if (queue.settings.type === 'quorum') this.assertUnconditional(queue, conditions);
    if (conditions.ifEmpty && queue.readyCount > 0)
      throw new AmqpError('PRECONDITION_FAILED', `${this.describe('queue', name)} not empty`);
    if (conditions.ifUnused && queue.consumers.count > 0)
      throw new AmqpError('PRECONDITION_FAILED', `${this.describe('queue', name)} in use`);
    const messages = queue.readyCount;
    this.removeQueue(queue);
    return messages;
  }

  bind(request: BindingRequest, user: object | undefined): Binding {
    const binding = this.resolve(request, user);
    const fault = binding.source.type.validateArguments?.(binding.arguments);
    if (fault !== undefined) throw new AmqpError('PRECONDITION_FAILED', fault);
    if (!this.addBinding(binding)) return binding;
    try {
      this.store.bound(binding);
    } catch (error) {
      binding.source.remove(binding);
      incomingOf(binding).delete(binding);
      throw error;
    }
    return binding;
  }

  /** Does nothing when there is no such binding, not even where one of its ends is missing. */
  unbind(request: BindingRequest, user: object | undefined): void {
    assertNoDefault(request);
    if (!this.hasEnds(request)) return;
    const wanted = this.resolve(request, user);
    const binding = wanted.source.remove(wanted);
    if (binding === undefined) return;
    incomingOf(binding).delete(binding);
    this.store.unbound(binding);
    this.removeIfUnused(binding.source);
  }

  /** The queues that a message reaches from an exchange. */
  route(exchange: Exchange, message: Message): readonly Queue[] {
    return route(this, exchange, message, this.replyTargets);
  }

  /** Ends the queues that belong to a connection. */
  deleteExclusiveQueues(owner: object): void {
    for (const queue of [...this.queues.values()])
      if (queue.exclusiveOwner === owner) this.removeQueue(queue);
  }

  /** Stops every timer. */
  close(): void {
    for (const queue of this.queues.values()) queue.close();
  }

  /** A policy has come, gone or changed: everything follows the one that matches it now. */
  policiesChanged(): void {
    for (const exchange of this.exchanges.values()) exchange.follow(this.policies.ofExchange(exchange.name));
    for (const queue of [...this.queues.values()]) {
      const policy = this.policies.ofQueue(queue.name, queue.settings.type);
      if (policy !== queue.policy) queue.follow(policy);
    }
  }

  private addExchange(name: string, typeName: string, properties: ExchangeProperties): void {
    this.exchanges.set(name, this.newExchange(name, typeName, properties));
  }

  private newExchange(name: string, typeName: string, properties: ExchangeProperties): Exchange {
    const type = EXCHANGE_TYPES.get(typeName);
    if (type === undefined) throw new TypeError(`there is no exchange type ${typeName}`);
    const exchange = new Exchange(name, type, properties);
    exchange.follow(this.policies.ofExchange(name));
    return exchange;
  }

  private assertRoomForQueue(name: string): void {
    const limit = this.limits['max-queues'];
    if (limit === undefined || limit < 0 || this.queues.size < limit) return;
    throw new AmqpError(
      'PRECONDITION_FAILED',
      `cannot declare queue '${name}': queue limit in vhost '${this.name}' (${limit}) is reached`,
    );
  }

  /** Gives false when there is the same binding already. */
  private addBinding(binding: Binding): boolean {
    if (!binding.source.add(binding)) return false;
    incomingOf(binding).add(binding);
    return true;
  }

  /** Whether both ends of a binding are there. */
  hasEnds({ source, destination: { kind, name } }: BindingRequest): boolean {
    const destinations = kind === 'queue' ? this.queues : this.exchanges;
    return this.exchanges.has(withoutLineBreaks(source)) && destinations.has(withoutLineBreaks(name));
  }

  private resolve(request: BindingRequest, user: object | undefined): Binding {
    assertNoDefault(request);
    const source = withoutLineBreaks(request.source);
    const name = withoutLineBreaks(request.destination.name);
    const exchange = this.exchanges.get(source);
    const target = request.destination.kind === 'queue' ? this.queues.get(name) : this.exchanges.get(name);
    if (exchange === undefined) throw this.notFound('exchange', source);
    if (target === undefined) throw this.notFound(request.destination.kind, name);
    const destination =
      target instanceof Queue
        ? ({ kind: 'queue', queue: this.queue(name, user) } as const)
        : ({ kind: 'exchange', exchange: target } as const);
    return {
      source: exchange,
      destination,
      routingKey: request.routingKey,
      arguments: sorted(request.arguments),
    };
  }

  private removeQueue(queue: Queue): void {
    if (queue.deleted) return;
    this.queues.delete(queue.name);
    this.counters.queuesDeleted += 1;
    this.store.queueDeleted(queue);
    this.removeIncoming(queue.incoming);
    queue.delete();
  }

  private removeExchange(exchange: Exchange): void {
    this.exchanges.delete(exchange.name);
    this.store.exchangeDeleted(exchange);
    for (const binding of exchange.outgoing.values()) incomingOf(binding).delete(binding);
    this.removeIncoming(exchange.incoming);
  }

  private removeIncoming(bindings: Set<Binding>): void {
    for (const binding of bindings) {
      binding.source.remove(binding);
      this.removeIfUnused(binding.source);
    }
    bindings.clear();
  }

  /** An auto-delete exchange ends when its last binding is taken away. */
  private removeIfUnused(exchange: Exchange): void {
    if (exchange.autoDelete && exchange.outgoing.size === 0 && this.exchanges.has(exchange.name))
      this.removeExchange(exchange);
  }

  private assertSameQueue(queue: Queue, properties: QueueProperties): void {
    // Stricter than for use: a queue that is not exclusive is not the same as one that is asked to be.
    if (queue.exclusiveOwner !== properties.exclusiveOwner) throw this.locked(queue.name);
    const resource = this.describe('queue', queue.name);
    assertEquivalent(resource, 'durable', queue.durable, properties.durable);
    assertEquivalent(resource, 'auto_delete', queue.autoDelete, properties.autoDelete);
    const keys = KNOWN_ARGUMENTS[queue.settings.type];
    assertArgumentsEquivalent(resource, keys, queue.arguments, properties.arguments);
  }

  private assertUnconditional(
    queue: Queue,
    { ifUnused, ifEmpty }: { ifUnused: boolean; ifEmpty: boolean },
  ): void {
    const flag = ifUnused ? 'if-unused' : ifEmpty ? 'if-empty' : undefined;
    if (flag === undefined) return;
    throw new AmqpError(
      'NOT_IMPLEMENTED',
      `cannot delete ${this.describe('queue', queue.name)}. queue.delete operations with ${flag} flag set are not supported by quorum queues`,
    );
  }

  private notFound(kind: 'queue' | 'exchange', name: string): AmqpError {
    return new AmqpError('NOT_FOUND', `no ${this.describe(kind, name)}`);
  }

  private locked(queue: string): AmqpError {
    return new AmqpError(
      'RESOURCE_LOCKED',
      `cannot obtain exclusive access to locked ${this.describe('queue', queue)}. It could be originally ` +
        'declared on another connection or the exclusive property value does not match that of the original declaration.',
    );
  }
}

function assertNotDefault(exchange: string): void {
  if (exchange === '')
    throw new AmqpError('ACCESS_REFUSED', 'operation not permitted on the default exchange');
}

/** Bindings of the default exchange come and go with the queues. */
function assertNoDefault({ source, destination: { kind, name } }: BindingRequest): void {
  if (kind === 'exchange') assertNotDefault(withoutLineBreaks(name));
  assertNotDefault(withoutLineBreaks(source));
}

function incomingOf(binding: Binding): Set<Binding> {
  const { destination } = binding;
  return destination.kind === 'queue' ? destination.queue.incoming : destination.exchange.incoming;
}

function attempt(work: () => unknown, failed: (error: unknown) => void): void {
  try {
    work();
  } catch (error) {
    failed(error);
  }
}
