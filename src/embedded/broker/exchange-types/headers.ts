import type { Binding } from '../binding.ts';
import type { Field, Table } from '../codec/table.ts';
import type { BindingIndex, ExchangeType } from '../exchange-type.ts';
import type { Message } from '../message.ts';

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

/** Equal values, whatever the width of their numbers; integers and floats of one value are different. */
export function same(a: Field, b: Field): boolean {
  if (a.type === 'table' && b.type === 'table') {
    if (a.value.size !== b.value.size) return false;
    for (const [key, field] of a.value) {
      const other = b.value.get(key);
      if (other === undefined || field.type !== other.type || !same(field, other)) return false;
    }
    return true;
  }
  if (a.type === 'array' && b.type === 'array')
    return (
      a.value.length === b.value.length &&
      a.value.every((item, index) => {
        const other = b.value[index];
        return other !== undefined && item.type === other.type && same(item, other);
      })
    );
  return comparable(a) === comparable(b);
}

function comparable(field: Field): string {
  switch (field.type) {
    case 'longstr':
    case 'binary':
      return `s${typeof field.value === 'string' ? Buffer.from(field.value).toString('latin1') : field.value.toString('latin1')}`;
    case 'float':
    case 'double':
      return `f${field.value}`;
    case 'decimal':
      return `d${field.value.places},${field.value.digits}`;
    case 'bool':
      return `b${field.value}`;
    case 'void':
      return 'v';
    case 'table':
    case 'array':
      return field.type;
    default:
      return `i${field.value}`;
  }
}
