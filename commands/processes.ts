import { nearest } from '../src/config/mistake.ts';
import { EXIT, QbtcError } from '../src/errors.ts';
import type { Stack } from '../src/model/stack.ts';
import { instancesOf } from '../src/services/index.ts';

/**
 * The processes that the user named (a service stands for all its instances), or all of the stack.
 *
 * @throws QbtcError `NAME_UNKNOWN` with the nearest name
 */
export function chooseProcesses(stack: Stack, given: readonly string[]): string[] {
  const instances = new Map<string, string[]>([
    ...stack.resources.map(({ name }): [string, string[]] => [name, [name]]),
    ...stack.services.map((service): [string, string[]] => [
      service.name,
      instancesOf(service).map(({ name }) => name),
    ]),
  ]);
  if (given.length === 0) return [...instances.values()].flat();
  return given.flatMap((name) => {
    const known = instances.get(name) ?? ([...instances.values()].flat().includes(name) ? [name] : undefined);
    if (known !== undefined) return known;
    const near = nearest(name, instances.keys());
    throw new QbtcError('NAME_UNKNOWN', `${stack.name} has no resource or service named "${name}"`, {
      exit: EXIT.usage,
      hint: `${near === undefined ? '' : `did you mean "${near}"? `}known: ${[...instances.keys()].join(', ')}`,
    });
  });
}
