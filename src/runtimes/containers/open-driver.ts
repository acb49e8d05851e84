import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { Stack } from '../../model/stack.ts';
import { readComposeFile } from './compose-file.ts';
import type { ContainerDriver } from './containers.ts';
import { composeDriver, findCompose } from './drivers/compose.ts';
import { engineDriver } from './drivers/engine.ts';
import { openContainers } from './stamped.ts';

/**
 * The driver for this machine: the compose program where there is one, otherwise the engine's own API.
 *
 * @throws QbtcError `COMPOSE_MISSING` when the stack has no compose file; `COMPOSE_INVALID`
 */
export async function openDriver(context: Context, stack: Stack): Promise<ContainerDriver> {
  const [file, compose] = await Promise.all([readComposeFile(stack), findCompose(context)]);
  if (file === undefined) {
    throw new QbtcError('COMPOSE_MISSING', `there is no ${stack.composeFile}`, {
      hint: 'qbtc new writes one; or leave Docker out: qbtc up --strategy fallback',
    });
  }
  const containers = openContainers(context, stack.root);
  return compose === undefined
    ? engineDriver(context, stack, file, containers)
    : composeDriver(context, stack, file, containers, compose);
}
