import type { Log } from '../../program.ts';
import type { Counters } from '../counters.ts';
import { AmqpError, describe } from '../errors.ts';
import { Exchange, type ExchangeProperties } from '../exchange/exchange.ts';
import { EXCHANGE_TYPES } from '../exchange/types/index.ts';
import { traceOf } from '../guard.ts';
import type { Message } from '../message.ts';
import { assertNotReserved, generateName, isReserved, withoutLineBreaks } from '../names.ts';
import type { QueueEnvironment, QueueProperties } from '../queue/environment.ts';
import { Queue } from '../queue/queue.ts';
import type { Image } from '../store/image.ts';
import type { Store } from '../store/store.ts';
import { Bindings } from './bindings.ts';
import { DeadLetters } from './dead-letters.ts';
import { assertAlternate, readQueue } from './declaration.ts';
import { assertArgumentsEquivalent, assertEquivalent } from './equivalence.ts';
import { Policies } from './policies.ts';
import {
  assertNotDefault,
  assertRoom,
  assertSameQueue,
  assertUnconditional,
  locked,
  notFound,
} from './refusals.ts';
import { restore } from './restore.ts';
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
  readonly bindings: Bindings;
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
    this.bindings = new Bindings(this, store, (exchange) => this.removeExchange(exchange));
    for (const [exchange, typeName, internal] of PREDECLARED) {
      const properties = { durable: true, autoDelete: false, internal, arguments: new Map() };
      this.addExchange(exchange, typeName, properties);
    }
  }

  describe(kind: 'queue' | 'exchange', name: string): string {
    return describe(kind, name, this.name);
  }

  /** The exchange of a name. Throws NOT_FOUND. */
  exchange(name: string): Exchange {
    const exchange = this.exchanges.get(name);
    if (exchange === undefined) throw notFound('exchange', name, this.name);
    return exchange;
  }

  /** The queue of a name, if `user` may use it. Throws NOT_FOUND or RESOURCE_LOCKED. */
  queue(name: string, user: object | undefined): Queue {
    const queue = this.ownedQueue(name, user);
    this.assertWorks(queue);
    return queue;
  }

  /** Puts back what an earlier process has left; called once, before anybody is served. */
  restore(image: Image): void {
    restore(image, {
      vhost: this,
      environment: this.environment,
      setAside: (queue, error) => this.setAside(queue, error),
      log: this.log,
    });
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
    if (queue === undefined) throw notFound('queue', name, this.name);
    if (queue.exclusiveOwner !== undefined && queue.exclusiveOwner !== user) throw locked(name, this.name);
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
      assertSameQueue(existing, this.name, { ...properties, durable });
      existing.touch();
      return existing;
    }
    const settings = readQueue(name, this.name, { ...properties, durable });
    assertRoom(name, this.name, this.queues.size, this.limits['max-queues']);
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
    if (queue.settings.type === 'quorum') assertUnconditional(queue, this.name, conditions);
    if (conditions.ifEmpty && queue.readyCount > 0)
      throw new AmqpError('PRECONDITION_FAILED', `${this.describe('queue', name)} not empty`);
    if (conditions.ifUnused && queue.consumers.count > 0)
      throw new AmqpError('PRECONDITION_FAILED', `${this.describe('queue', name)} in use`);
    const messages = queue.readyCount;
    this.removeQueue(queue);
    return messages;
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

  /** Without a word to the store: it is born with the virtual host, or comes from there. */
  addExchange(name: string, typeName: string, properties: ExchangeProperties): void {
    this.exchanges.set(name, this.newExchange(name, typeName, properties));
  }

  private newExchange(name: string, typeName: string, properties: ExchangeProperties): Exchange {
    const type = EXCHANGE_TYPES.get(typeName);
    if (type === undefined) throw new TypeError(`there is no exchange type ${typeName}`);
    const exchange = new Exchange(name, type, properties);
    exchange.follow(this.policies.ofExchange(name));
    return exchange;
  }

  private removeQueue(queue: Queue): void {
    if (queue.deleted) return;
    this.queues.delete(queue.name);
    this.counters.queuesDeleted += 1;
    this.store.queueDeleted(queue);
    this.bindings.incomingRemoved(queue.incoming);
    queue.delete();
  }

  private removeExchange(exchange: Exchange): void {
    this.exchanges.delete(exchange.name);
    this.store.exchangeDeleted(exchange);
    this.bindings.exchangeRemoved(exchange);
  }
}
