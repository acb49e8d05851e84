import { dirname } from 'node:path';
import { confidentialValues } from '../src/config/confidential.ts';
import { findStackFile, openStack } from '../src/config/load.ts';
import type { Scale } from '../src/config/scale.ts';
import { readPending } from '../src/config/secrets.ts';
import type { Context } from '../src/context.ts';
import type { Stack } from '../src/model/stack.ts';
import { readIdentity } from '../src/state/index.ts';

/**
 * The stack that the command was given in, as the last `up` placed its services. Its secrets are masked in every output
 * from here on. With `readOnly` nothing is written, not even secrets that are missing.
 */
export async function openStackHere(
  context: Context,
  { readOnly = false, scale = {}, portBase }: { readOnly?: boolean; scale?: Scale; portBase?: number } = {},
): Promise<Stack> {
  const options = {
    file: await findStackFile(context.cwd),
    env: context.env,
    cwd: context.cwd,
    qbtcVersion: context.installation.version,
    readOnly,
    scale,
    ...(portBase === undefined ? {} : { portBase }),
  };
  let stack = await openStack(options);
  if (!readOnly && (await readPending(stack.root)) !== undefined) {
    // A rotation was killed in the middle: which password holds is for the server to say.
    const { settlePending } = await import('../src/lifecycle/rotate.ts');
    await settlePending(context, stack);
    stack = await openStack(options);
  }
  context.io.mask(confidentialValues(stack));
  sayWhereFrom(context, stack);
  const [{ placed }, { readChoices }] = await Promise.all([
    import('../src/placement/placement.ts'),
    import('../src/state/choices.ts'),
  ]);
  return placed(stack, await readChoices(stack.root));
}

/** What was started elsewhere, or under another name, is not where it is looked for. */
function sayWhereFrom({ io }: Context, { root, name }: Stack): void {
  const { movedFrom, name: before = name } = readIdentity(root) ?? {};
  if (movedFrom !== undefined)
    io.err(
      `this stack was moved here from ${movedFrom}: what still runs of it is ended by qbtc down, or anew by qbtc up`,
    );
  if (before !== name)
    io.err(`this stack was started as ${before}, and is named ${name} now: qbtc down ends what runs of it`);
}

/** The folder of that stack, for commands that must work with a broken `qbtc.yaml`. */
export async function stackRootHere(context: Context): Promise<string> {
  return dirname(await findStackFile(context.cwd));
}
