import type { Field, FieldType, Table } from '../codec/table.ts';
import { AmqpError } from '../errors.ts';

/** Throws PRECONDITION_FAILED when a property of a declaration is not what the existing resource has. */
export function assertEquivalent(
  resource: string,
  key: string,
  current: boolean | string,
  received: boolean | string,
): void {
  if (current === received) return;
  throw inequivalent(resource, key, `'${received}'`, `'${current}'`);
}

/**
 * The same for the arguments that count, as RabbitMQ compares them: the width of an integer does not matter,
 * and an absent `x-queue-type` is `classic`.
 */
export function assertArgumentsEquivalent(
  resource: string,
  keys: readonly string[],
  current: Table,
  received: Table,
): void {
  for (const key of keys) {
    const was = current.get(key);
    const is = received.get(key);
    if (was === undefined && is === undefined) continue;
    if (was !== undefined && is !== undefined) {
      if (kindOf(was.type) === kindOf(is.type) && plain(was) === plain(is)) continue;
      throw inequivalent(resource, key, `'${plain(is)}'`, `'${plain(was)}'`);
    }
    if (key === 'x-queue-type' && (was ?? is)?.value === 'classic') continue;
    throw inequivalent(resource, key, typed(is), typed(was));
  }
}

function inequivalent(resource: string, key: string, received: string, current: string): AmqpError {
  return new AmqpError(
    'PRECONDITION_FAILED',
    `inequivalent arg '${key}' for ${resource}: received ${received} but current is ${current}`,
  );
}

function typed(field: Field | undefined): string {
  return field === undefined ? 'none' : `the value '${plain(field)}' of type '${field.type}'`;
}

function plain(field: Field): string {
  return field.value instanceof Buffer ? field.value.toString('latin1') : String(field.value);
}

function kindOf(type: FieldType): string {
  switch (type) {
    case 'byte':
    case 'short':
    case 'signedint':
    case 'long':
    case 'decimal':
    case 'unsignedbyte':
    case 'unsignedshort':
    case 'unsignedint':
      return 'int';
    case 'float':
    case 'double':
      return 'float';
    default:
      return type;
  }
}
