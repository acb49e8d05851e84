import type { Binding } from '../binding.ts';
import type { BindingIndex, ExchangeType } from '../type.ts';

class AllBindings implements BindingIndex {
  private readonly bindings = new Set<Binding>();

  add(binding: Binding): void {
    this.bindings.add(binding);
  }

  remove(binding: Binding): void {
    this.bindings.delete(binding);
  }

  match(): Iterable<Binding> {
    return this.bindings;
  }
}

/** Matches always. */
export const fanout: ExchangeType = { name: 'fanout', createIndex: () => new AllBindings() };
