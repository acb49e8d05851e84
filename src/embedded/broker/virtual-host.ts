import type { Binding } from './binding.ts';
import { sorted, type Table } from './codec/table.ts';
import type { Counters } from './counters.ts';
import { assertArgumentsEquivalent, assertEquivalent } from './equivalence.ts';
import { AmqpError, describe } from './errors.ts';
import { Exchange, type ExchangeProperties } from './exchange.ts';
import { EXCHANGE_TYPES } from './exchange-types/index.ts';
import type { Message } from './message.ts';
import { assertNotReserved, generateName, isReserved, withoutLineBreaks } from './names.ts';
import { Policies } from './policies.ts';
import { KNOWN_ARGUMENTS, queueSettings } from './queue/arguments.ts';
import { type DeathReason, deadLetter, isCycle } from './queue/death.ts';
import type { Entry } from './queue/entry.ts';
import { Queue, type QueueEnvironment, type QueueProperties } from './queue/queue.ts';
import { type ReplyTargets, route } from './router.ts';
import type { Image } from './store/image.ts';
import type { Store } from './store.ts';

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

interface DeadLetter {
  queue: Queue;
  entry: Entry;
  reason: DeathReason;
  settled: ((taken: boolean) => void) | undefined;
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
  /** Dead letters that wait for the publish at hand to end: they must not come between its parts. */
  private readonly deadLetters: DeadLetter[] = [];
  private buryingDead = false;

  constructor(name: string, store: Store, replyTargets: ReplyTargets, counters: Counters) {
    this.name = name;
    this.counters = counters;
    this.replyTargets = replyTargets;
    this.store = store;
    this.environment = {
      store,
      deadLetter: (queue, entry, reason, settled) => this.bury({ queue, entry, reason, settled }),
      ended: (queue) => this.removeQueue(queue),
    };
    for (const [exchange, typeName, internal] of PREDECLARED) {
      const properties = { durable: true, autoDelete: false, internal, arguments: new Map() };
      this.addExchange(exchange, typeName, properties);
    }
  }

  /** Puts back what an earlier process has left; called once, before anybody is served. */
  restore({ exchanges, queues, bindings }: Image): void {
    for (const { name, type, ...properties } of exchanges.values())
      this.addExchange(name, type, { ...properties, durable: true });
    const spent = new Map<Queue, Entry[]>();
    for (const { definition, messages } of queues.values()) {
      const { name, ...properties } = definition;
      const settings = queueSettings(name, this.name, properties.arguments);
      const whole = { ...properties, durable: true, exclusiveOwner: undefined };
      const policy = this.policies.ofQueue(name, settings.type);
      const queue = new Queue(name, whole, settings, this.environment, policy);
      this.queues.set(name, queue);
      spent.set(queue, queue.restore(messages.values()));
    }
    for (const binding of bindings)
      if (this.hasEnds(binding)) this.addBinding(this.resolve(binding, undefined));
    for (const [queue, entries] of spent) queue.resumeAfterRestart(entries);
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
    const queue = this.queues.get(name);
    if (queue === undefined) throw this.notFound('queue', name);
    if (queue.exclusiveOwner !== undefined && queue.exclusiveOwner !== user) throw this.locked(name);
    return queue;
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
    this.assertNamesExchange('exchange', name, properties.arguments, 'alternate-exchange');
    const exchange = this.addExchange(name, typeName, properties);
    this.store.exchangeDeclared(exchange);
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
      this.assertSameQueue(existing, { ...properties, durable });
      existing.touch();
      return existing;
    }
    this.assertNamesExchange('queue', name, properties.arguments, 'x-dead-letter-exchange');
    const settings = queueSettings(name, this.name, properties.arguments);
    if (settings.type === 'quorum') this.assertFitsQuorum(name, { ...properties, durable });
    this.assertRoomForQueue(name);
    const policy = this.policies.ofQueue(name, settings.type);
    const queue = new Queue(name, { ...properties, durable }, settings, this.environment, policy);
    this.queues.set(name, queue);
    this.store.queueDeclared(queue);
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
    const queue = this.queue(name, user);
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
    if (this.addBinding(binding)) this.store.bound(binding);
    return binding;
  }

  /** Does nothing when there is no such binding, not even where one of its ends is missing. */
  unbind(request: BindingRequest, user: object | undefined): void {
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

  private addExchange(name: string, typeName: string, properties: ExchangeProperties): Exchange {
    const type = EXCHANGE_TYPES.get(typeName);
    if (type === undefined) throw new TypeError(`there is no exchange type ${typeName}`);
    const exchange = new Exchange(name, type, properties);
    exchange.follow(this.policies.ofExchange(name));
    this.exchanges.set(name, exchange);
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

  private hasEnds({ source, destination: { kind, name } }: BindingRequest): boolean {
    const destinations = kind === 'queue' ? this.queues : this.exchanges;
    return this.exchanges.has(withoutLineBreaks(source)) && destinations.has(withoutLineBreaks(name));
  }

  private resolve(request: BindingRequest, user: object | undefined): Binding {
    const source = withoutLineBreaks(request.source);
    const name = withoutLineBreaks(request.destination.name);
    for (const exchange of request.destination.kind === 'exchange' ? [name, source] : [source])
      assertNotDefault(exchange);
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

  private bury(dead: DeadLetter): void {
    const { type, deadLetterExchange } = dead.queue.settings;
    const treatment =
      deadLetterExchange === undefined
        ? 'disabled'
        : dead.settled === undefined
          ? 'at_most_once'
          : 'at_least_once';
    this.counters.queues[type].deadLettered[treatment][dead.reason] += 1;
    if (deadLetterExchange === undefined) return;
    this.deadLetters.push(dead);
    if (this.buryingDead) return;
    this.buryingDead = true;
    try {
      for (let next = this.deadLetters.shift(); next !== undefined; next = this.deadLetters.shift()) {
        const taken = this.publishDeadLetter(next);
        next.settled?.(taken);
      }
    } finally {
      this.buryingDead = false;
    }
  }

  /** Gives whether there is a queue for it, and none has refused it. */
  private publishDeadLetter({ queue, entry, reason }: DeadLetter): boolean {
    const { deadLetterExchange, deadLetterRoutingKey } = queue.settings;
    const exchange = this.exchanges.get(deadLetterExchange ?? '');
    if (exchange === undefined) return false;
    const message = deadLetter(entry.message, reason, queue.name, {
      exchange: exchange.name,
      routingKey: deadLetterRoutingKey,
    });
    let taken = false;
    let refused = false;
    for (const target of this.route(exchange, message)) {
      if (reason !== 'rejected' && isCycle(message, target.name)) continue;
      if (target.publish(message) === 'rejected') refused = true;
      else taken = true;
    }
    return taken && !refused;
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

  private assertFitsQuorum(name: string, properties: QueueProperties): void {
    const refuse = (property: string) =>
      new AmqpError(
        'PRECONDITION_FAILED',
        `invalid property '${property}' for ${this.describe('queue', name)}`,
      );
    if (properties.autoDelete) throw refuse('auto-delete');
    if (properties.exclusiveOwner !== undefined) throw refuse('exclusive-owner');
    if (!properties.durable) throw refuse('non-durable');
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

  private assertNamesExchange(kind: 'queue' | 'exchange', name: string, declared: Table, key: string): void {
    const field = declared.get(key);
    if (field === undefined || field.type === 'longstr') return;
    throw new AmqpError(
      'PRECONDITION_FAILED',
      `invalid type '${field.type}' for arg '${key}' in ${this.describe(kind, name)}`,
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

function incomingOf(binding: Binding): Set<Binding> {
  const { destination } = binding;
  return destination.kind === 'queue' ? destination.queue.incoming : destination.exchange.incoming;
}
