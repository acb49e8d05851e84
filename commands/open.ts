import { dirname } from 'node:path';
import { confidentialValues } from '../src/config/confidential.ts';
import { findStackFile, openStack } from '../src/config/load.ts';
import type { Context } from '../src/context.ts';
import type { Stack } from '../src/model/stack.ts';

/** The stack that the command was given in. Its secrets are masked in every output from here on. */
export async function openStackHere(context: Context): Promise<Stack> {
  const stack = await openStack({
    file: await findStackFile(context.cwd),
    env: context.env,
    cwd: context.cwd,
    qbtcVersion: context.installation.version,
  });
  context.io.mask(confidentialValues(stack));
  return stack;
}

/** The folder of that stack, for commands that must work with a broken `qbtc.yaml`. */
export async function stackRootHere(context: Context): Promise<string> {
  return dirname(await findStackFile(context.cwd));
}
