import type { Table } from '../codec/table.ts';
import { AmqpError } from '../errors.ts';

const INTEGERS = ['byte', 'short', 'signedint', 'long', 'unsignedbyte', 'unsignedshort', 'unsignedint'];

/** The priority that a consumer asks for with `x-priority`; 0 without. Throws PRECONDITION_FAILED. */
export function consumerPriority(queue: string, consumerArguments: Table): number {
  const field = consumerArguments.get('x-priority');
  if (field === undefined) return 0;
  if (!INTEGERS.includes(field.type))
    throw new AmqpError(
      'PRECONDITION_FAILED',
      `invalid arg 'x-priority' for ${queue}: "expected integer, got ${field.type}"`,
    );
  return Number(field.value);
}
