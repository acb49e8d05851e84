import type { Field, Table } from '../../codec/table.ts';
import type { Message } from '../../message.ts';
import type { Binding } from '../binding.ts';
import type { BindingIndex, ExchangeType } from '../type.ts';

const MODES = ['all', 'any', 'all-with-x', 'any-with-x'];

class HeaderBindings implements BindingIndex {
  private readonly bindings = new Set<Binding>();

  add(binding: Binding): void {
    this.bindings.add(binding);
  }

  remove(binding: Binding): void {
    this.bindings.delete(binding);
  }

  *match(_routingKey: string, message: Message): Iterable<Binding> {
    for (const binding of this.bindings) if (matches(binding.arguments, message.headers)) yield binding;
  }
}

/** Matches by the headers of the message; keys that start with `x-` count only in the `-with-x` modes. */
export const headers: ExchangeType = {
  name: 'headers',
  createIndex: () => new HeaderBindings(),
  validateArguments(bindingArguments) {
    const mode = bindingArguments.get('x-match');
    if (mode === undefined) return undefined;
    if (mode.type !== 'longstr')
      return `Invalid x-match field type ${mode.type} (value ${String(mode.value)}); expected longstr`;
    if (MODES.includes(String(mode.value))) return undefined;
    return `Invalid x-match field value <<"${String(mode.value)}">>; expected all, any, all-with-x, or any-with-x`;
  },
};

/** True when the headers satisfy the arguments of a binding. */
export function matches(pattern: Table, data: Table): boolean {
  const mode = String(pattern.get('x-match')?.value ?? 'all');
  const withX = mode.endsWith('-with-x');
  const wanted = [...pattern].filter(([key]) => key !== 'x-match' && (withX || !key.startsWith('x-')));
  const satisfied = ([key, field]: [string, Field]) => {
    const value = data.get(key);
    return value !== undefined && (field.type === 'void' || same(field, value));
  };
  return mode.startsWith('any') ? wanted.some(satisfied) : wanted.every(satisfied);
}

/**
 * Equal values, as Erlang's `==` compares them: the types do not matter, 1 equals 1.0, and no table equals an array
 * unless both are empty. Within tables and arrays the types do matter, and the order of the keys too.
 */
export function same(a: Field, b: Field): boolean {
  const [left, right] = [itemsOf(a), itemsOf(b)];
  if (left !== undefined || right !== undefined) {
    if (left === undefined || right === undefined || left.length !== right.length) return false;
    return left.every(([key, item], index) => {
      const [otherKey, other] = right[index] ?? [];
      return other !== undefined && key === otherKey && item.type === other.type && same(item, other);
    });
  }
  const [one, other] = [plain(a), plain(b)];
  if (isNumber(one) && isNumber(other)) return compare(one, other);
  return one === other;
}

/** The members of a table or an array; those of an array have no key. */
function itemsOf({ type, value }: Field): [string | undefined, Field][] | undefined {
  if (type === 'table') return [...value];
  return type === 'array' ? value.map((item) => [undefined, item]) : undefined;
}

const isNumber = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** JavaScript too compares integers and floats by their exact values. */
function compare(a: number | bigint, b: number | bigint): boolean {
  return typeof a === typeof b ? a === b : a >= b && a <= b;
}

/** A value that compares by `===`. */
function plain(field: Field): string | number | bigint | boolean | null {
  switch (field.type) {
    case 'longstr':
    case 'binary':
      return Buffer.from(field.value as string).toString('latin1');
    case 'decimal':
      return `decimal ${field.value.places} ${field.value.digits}`;
    case 'table':
    case 'array':
      return null;
    default:
      return field.value;
  }
}
