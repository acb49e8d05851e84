import { nearest } from '../config/mistake.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { instancesOf } from '../services/index.ts';

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

/** That the stack has no secret of this name, with the nearest that it has. */
export function secretUnknown(stack: string, name: string, known: readonly string[]): QbtcError {
  const near = nearest(name, known);
  return new QbtcError('SECRET_UNKNOWN', `${stack} has no secret named "${name}"`, {
    exit: EXIT.usage,
    hint: `${near === undefined ? '' : `did you mean "${near}"? `}known: ${known.join(', ')}`,
  });
}
