import { nearest } from '../config/mistake.ts';
import { MAX_REPLICAS } from '../config/ports.ts';
import { EXIT, QbtcError } from '../errors.ts';
import { PROVIDER_NAMES, type ProviderName } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';

/**
 * `NAME=PROVIDER` as given with `--provider`, by name.
 *
 * @throws QbtcError `PROVIDER_UNKNOWN` with the nearest name
 */
export function parseProviders(stack: Stack, given: readonly string[]): Map<string, ProviderName> {
  const known = stack.resources.map(({ name }) => name);
  return new Map(
    given.map((text): [string, ProviderName] => {
      const [name = '', wanted = '', ...rest] = text.split('=');
      if (wanted === '' || rest.length > 0)
        throw wrong(`--provider: found "${text}", expected NAME=PROVIDER`, 'cache=embedded', known);
      if (!known.includes(name))
        throw wrong(`--provider: ${stack.name} has no resource named "${name}"`, nearest(name, known), known);
      const provider = PROVIDER_NAMES.find((candidate) => candidate === wanted);
      if (provider === undefined)
        throw wrong(
          `--provider ${name}: there is no provider "${wanted}"`,
          nearest(wanted, PROVIDER_NAMES),
          PROVIDER_NAMES,
        );
      return [name, provider];
    }),
  );
}

function wrong(message: string, near: string | undefined, known: readonly string[]): QbtcError {
  return new QbtcError('PROVIDER_UNKNOWN', message, {
    exit: EXIT.usage,
    hint: `${near === undefined ? '' : `did you mean "${near}"? `}known: ${known.join(', ')}`,
  });
}

/**
 * `NAME=COUNT` as given with `--scale`, by name. Whether there is such a service is told by the stack.
 *
 * @throws QbtcError `SCALE_WRONG`
 */
export function parseScale(given: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name = '', count = ''] = /^([^=]+)=([1-9]\d?)$/.exec(text) ?? [];
      if (name !== '' && Number(count) <= MAX_REPLICAS) return [name, Number(count)];
      throw new QbtcError('SCALE_WRONG', `--scale: found "${text}", expected NAME=COUNT`, {
        exit: EXIT.usage,
        hint: `COUNT is a whole number from 1 to ${MAX_REPLICAS}: --scale quantum-core=2`,
      });
    }),
  );
}

/** @throws QbtcError `SCALE_WRONG` with the nearest name */
export function checkScale(stack: Stack, scale: Readonly<Record<string, number>>): void {
  const known = stack.services.map(({ name }) => name);
  for (const name of Object.keys(scale)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new QbtcError('SCALE_WRONG', `--scale: ${stack.name} has no service named "${name}"`, {
      exit: EXIT.usage,
      hint: `${near === undefined ? '' : `did you mean "${near}"? `}known: ${known.join(', ')}`,
    });
  }
}
