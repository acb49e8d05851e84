import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { writeEnvFiles, writeGenerated } from '../services/index.ts';
import { definitionsOf, desiredOf } from '../topology/index.ts';

/**
 * Writes what the compose file is filled in and primed with: the env-files, and beside them what a new database and a
 * broker begin with. Writes only what differs.
 *
 * @throws QbtcError `ENV_FILE_FOREIGN`, `ENV_FILE_NOT_WRITABLE`, and those of `readTopology`
 */
export async function writeComposeFiles(context: Pick<Context, 'exec' | 'env'>, stack: Stack): Promise<void> {
  await writeEnvFiles(context, stack);
  const broker = resourceOfKind(stack, 'rabbitmq');
  if (broker === undefined) return;
  const definitions = definitionsOf(await desiredOf(stack), broker.endpoint);
  await writeGenerated(
    stack,
    `${broker.name}-definitions.json`,
    `${JSON.stringify(definitions, undefined, 2)}\n`,
  );
}
