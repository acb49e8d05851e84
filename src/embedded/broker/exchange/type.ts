import type { Table } from '../codec/table.ts';
import type { Message } from '../message.ts';
import type { Binding } from './binding.ts';

/**
 * A type of exchange: how its bindings are indexed and which of them a message matches.
 * Adding one is a file in `types/` and a line in its index.
 */
export interface ExchangeType {
  /** As clients name it in `exchange.declare`. */
  readonly name: string;
  createIndex(): BindingIndex;
  /** Says what is wrong with the arguments of a binding; `undefined` when they are fine. */
  validateArguments?(bindingArguments: Table): string | undefined;
}

/** The bindings of one exchange. */
export interface BindingIndex {
  add(binding: Binding): void;
  remove(binding: Binding): void;
  /** The bindings that match; a binding may come up once for each of several routing keys. */
  match(routingKey: string, message: Message): Iterable<Binding>;
}
