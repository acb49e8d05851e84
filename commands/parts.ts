import { nearest } from '../src/config/mistake.ts';
import { EXIT, QbtcError } from '../src/errors.ts';
import type { Stack } from '../src/model/stack.ts';

/**
 * The resources and services that the user named, checked.
 *
 * @throws QbtcError `NAME_UNKNOWN` with the nearest name
 */
export function chooseParts(stack: Stack, given: readonly string[]): readonly string[] {
  const known = [...stack.resources, ...stack.services].map(({ name }) => name);
  for (const name of given) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new QbtcError('NAME_UNKNOWN', `${stack.name} has no resource or service named "${name}"`, {
      exit: EXIT.usage,
      hint: `${near === undefined ? '' : `did you mean "${near}"? `}known: ${known.join(', ')}`,
    });
  }
  return given;
}
