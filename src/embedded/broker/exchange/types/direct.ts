import type { Binding } from '../binding.ts';
import type { BindingIndex, ExchangeType } from '../type.ts';

const NONE: readonly Binding[] = [];

/** Bindings by their routing key. */
export class KeyedBindings implements BindingIndex {
  private readonly byKey = new Map<string, Binding[]>();

  add(binding: Binding): void {
    const bindings = this.byKey.get(binding.routingKey);
    if (bindings === undefined) this.byKey.set(binding.routingKey, [binding]);
    else bindings.push(binding);
  }

  remove(binding: Binding): void {
    const left = (this.byKey.get(binding.routingKey) ?? []).filter((other) => other !== binding);
    if (left.length === 0) this.byKey.delete(binding.routingKey);
    else this.byKey.set(binding.routingKey, left);
  }

  match(routingKey: string): readonly Binding[] {
    return this.byKey.get(routingKey) ?? NONE;
  }
}

/** Matches where the routing keys are equal. */
export const direct: ExchangeType = { name: 'direct', createIndex: () => new KeyedBindings() };
