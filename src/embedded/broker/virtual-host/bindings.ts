import { sorted, type Table } from '../codec/table.ts';
import { AmqpError } from '../errors.ts';
import type { Binding } from '../exchange/binding.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { withoutLineBreaks } from '../names.ts';
import { Queue } from '../queue/queue.ts';
import type { Store } from '../store/store.ts';
import { assertNotDefault, notFound } from './refusals.ts';

export interface BindingRequest {
  source: string;
  destination: { kind: 'queue' | 'exchange'; name: string };
  routingKey: string;
  arguments: Table;
}

/** What has ends for bindings: a virtual host. */
interface Host {
  readonly name: string;
  readonly exchanges: ReadonlyMap<string, Exchange>;
  readonly queues: ReadonlyMap<string, Queue>;
  /** Throws NOT_FOUND or RESOURCE_LOCKED. */
  queue(name: string, user: object | undefined): Queue;
}

/** How the bindings of a virtual host come and go. They are kept at their ends. */
export class Bindings {
  private readonly host: Host;
  private readonly store: Store;
  private readonly removeExchange: (exchange: Exchange) => void;

  constructor(host: Host, store: Store, removeExchange: (exchange: Exchange) => void) {
    this.host = host;
    this.store = store;
    this.removeExchange = removeExchange;
  }

  bind(request: BindingRequest, user: object | undefined): Binding {
    const binding = this.resolve(request, user);
    const fault = binding.source.type.validateArguments?.(binding.arguments);
    if (fault !== undefined) throw new AmqpError('PRECONDITION_FAILED', fault);
    if (!this.add(binding)) return binding;
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

  /** Gives false when there is the same binding already. */
  add(binding: Binding): boolean {
    if (!binding.source.add(binding)) return false;
    incomingOf(binding).add(binding);
    return true;
  }

  /** Whether both ends of a binding are there. */
  hasEnds({ source, destination: { kind, name } }: BindingRequest): boolean {
    const { exchanges, queues } = this.host;
    const destinations = kind === 'queue' ? queues : exchanges;
    return exchanges.has(withoutLineBreaks(source)) && destinations.has(withoutLineBreaks(name));
  }

  /** The binding that is asked for, with the ends that are there. Throws NOT_FOUND or RESOURCE_LOCKED. */
  resolve(request: BindingRequest, user: object | undefined): Binding {
    assertNoDefault(request);
    const { exchanges, queues } = this.host;
    const source = withoutLineBreaks(request.source);
    const name = withoutLineBreaks(request.destination.name);
    const exchange = exchanges.get(source);
    const target = request.destination.kind === 'queue' ? queues.get(name) : exchanges.get(name);
    if (exchange === undefined) throw notFound('exchange', source, this.host.name);
    if (target === undefined) throw notFound(request.destination.kind, name, this.host.name);
    const destination =
      target instanceof Queue
        ? ({ kind: 'queue', queue: this.host.queue(name, user) } as const)
        : ({ kind: 'exchange', exchange: target } as const);
    return {
      source: exchange,
      destination,
      routingKey: request.routingKey,
      arguments: sorted(request.arguments),
    };
  }

  /** An exchange is gone, and with it all that start or end at it. */
  exchangeRemoved(exchange: Exchange): void {
    for (const binding of exchange.outgoing.values()) incomingOf(binding).delete(binding);
    this.incomingRemoved(exchange.incoming);
  }

  /** What they ended at is gone. */
  incomingRemoved(bindings: Set<Binding>): void {
    for (const binding of bindings) {
      binding.source.remove(binding);
      this.removeIfUnused(binding.source);
    }
    bindings.clear();
  }

  /** An auto-delete exchange ends when its last binding is taken away. */
  private removeIfUnused(exchange: Exchange): void {
    if (exchange.autoDelete && exchange.outgoing.size === 0 && this.host.exchanges.has(exchange.name))
      this.removeExchange(exchange);
  }
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
