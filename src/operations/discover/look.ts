import { nearest } from '../../config/mistake.ts';
import type { Context } from '../../context.ts';
import { discover } from '../../discovery/index.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import type { Discovery, FoundService } from '../../model/discovery.ts';
import type { Stack } from '../../model/stack.ts';
import { runningInstances } from '../../services/index.ts';
import { whereOf } from './input.ts';

/** Looks once, and says on the way where. */
export async function look(
  context: Context,
  stack: Stack,
  where: Parameters<typeof whereOf>[0],
): Promise<Discovery> {
  const { progress } = context.io;
  const discovery = await discover(context, stack, {
    ...whereOf(where),
    running: () => runningInstances(context, stack),
    onProgress: (source, doing) => progress.step(source, doing),
  });
  progress.stop();
  return discovery;
}

/** @throws QbtcError `NAME_UNKNOWN` with the nearest name */
export function foundNamed({ services }: Discovery, name: string): FoundService[] {
  const found = services.filter((service) => service.name === name);
  if (found.length > 0) return found;
  const known = [...new Set(services.map((service) => service.name))];
  const near = nearest(name, known);
  throw new QbtcError('NAME_UNKNOWN', `no service named "${name}" was found`, {
    exit: EXIT.usage,
    hint: `${near === undefined ? '' : `did you mean "${near}"? `}found: ${known.join(', ') || 'none'}`,
  });
}

export function hasErrors({ findings }: Discovery): boolean {
  return findings.some(({ severity }) => severity === 'error');
}
