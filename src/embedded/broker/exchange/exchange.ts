import type { Table } from '../codec/table.ts';
import type { Message } from '../message.ts';
import { alternateOf, type Policy } from '../virtual-host/policies.ts';
import { type Binding, bindingKey } from './binding.ts';
import type { BindingIndex, ExchangeType } from './type.ts';

export interface ExchangeProperties {
  durable: boolean;
  autoDelete: boolean;
  internal: boolean;
  arguments: Table;
}

/** An exchange and the bindings that start or end at it. */
export class Exchange implements ExchangeProperties {
  readonly name: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: Table;
  /** Where messages go that match no binding. */
  alternate: string | undefined;
  policy: Policy | undefined;
  /** Bindings whose source this is, by `bindingKey`. */
  readonly outgoing = new Map<string, Binding>();
  /** Bindings whose destination this is. */
  readonly incoming = new Set<Binding>();
  private readonly index: BindingIndex;

  constructor(name: string, type: ExchangeType, properties: ExchangeProperties) {
    this.name = name;
    this.type = type;
    this.durable = properties.durable;
    this.autoDelete = properties.autoDelete;
    this.internal = properties.internal;
    this.arguments = properties.arguments;
    this.alternate = alternateOf(properties.arguments);
    this.index = type.createIndex();
  }

  /** Another policy holds from now on; what the exchange was declared with comes first. */
  follow(policy: Policy | undefined): void {
    this.policy = policy;
    const given = policy?.definition['alternate-exchange'];
    this.alternate = alternateOf(this.arguments) ?? (typeof given === 'string' ? given : undefined);
  }

  /** Gives false when there is the same binding already. */
  add(binding: Binding): boolean {
    const key = bindingKey(binding);
    if (this.outgoing.has(key)) return false;
    this.outgoing.set(key, binding);
    this.index.add(binding);
    return true;
  }

  /** Removes the binding that equals the given one; gives it, or `undefined` when there is none. */
  remove(wanted: Omit<Binding, 'source'>): Binding | undefined {
    const key = bindingKey(wanted);
    const binding = this.outgoing.get(key);
    if (binding === undefined) return undefined;
    this.outgoing.delete(key);
    this.index.remove(binding);
    return binding;
  }

  match(routingKey: string, message: Message): Iterable<Binding> {
    return this.index.match(routingKey, message);
  }
}
