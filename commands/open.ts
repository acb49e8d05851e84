import { dirname } from 'node:path';
import { confidentialValues } from '../src/config/confidential.ts';
import { findStackFile, openStack } from '../src/config/load.ts';
import type { Scale } from '../src/config/scale.ts';
import { readPending } from '../src/config/secrets.ts';
import type { Context } from '../src/context.ts';
import type { Stack } from '../src/model/stack.ts';

/**
 * The stack that the command was given in, as the last `up` placed its services. Its secrets are masked in every output
 * from here on. With `readOnly` nothing is written, not even secrets that are missing.
 */
export async function openStackHere(
  context: Context,
  { readOnly = false, scale = {} }: { readOnly?: boolean; scale?: Scale } = {},
): Promise<Stack> {
  const options = {
    file: await findStackFile(context.cwd),
    env: context.env,
    cwd: context.cwd,
    qbtcVersion: context.installation.version,
    readOnly,
    scale,
  };
  let stack = await openStack(options);
  if (!readOnly && (await readPending(stack.root)) !== undefined) {
    // A rotation was killed in the middle: which password holds is for the server to say.
    const { settlePending } = await import('../src/lifecycle/rotate.ts');
    await settlePending(context, stack);
    stack = await openStack(options);
  }
  context.io.mask(confidentialValues(stack));
  const [{ placed }, { readChoices }] = await Promise.all([
    import('../src/infra/placement.ts'),
    import('../src/infra/choices.ts'),
  ]);
  return placed(stack, await readChoices(stack.root));
}

/** The folder of that stack, for commands that must work with a broken `qbtc.yaml`. */
export async function stackRootHere(context: Context): Promise<string> {
  return dirname(await findStackFile(context.cwd));
}
