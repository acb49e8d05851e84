import { dirname } from 'node:path';
import { confidentialValues } from '../config/confidential.ts';
import { findStackFile, openStack, readStackDocument } from '../config/load.ts';
import type { Scale } from '../config/scale.ts';
import { readPending } from '../config/secrets.ts';
import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';
import { readIdentity } from '../state/index.ts';

export interface OpenOptions {
  readOnly?: boolean;
  scale?: Scale;
  portBase?: number;
}

/**
 * The stack that the command was given in, as the last `up` placed its services. Its secrets are masked in every output
 * from here on. With `readOnly` nothing is written, not even secrets that are missing.
 */
export async function openStackHere(context: Context, options: OpenOptions = {}): Promise<Stack> {
  const stack = await openFile(context, await findStackFile(context.cwd), options);
  sayWhereFrom(context, stack);
  return stack;
}

/** The same stack with what has been written since. Where it comes from was said when it was opened. */
export function reopenStack(context: Context, { file }: Stack): Promise<Stack> {
  return openFile(context, file, {});
}

async function openFile(
  context: Context,
  file: string,
  { readOnly = false, scale = {}, portBase }: OpenOptions,
): Promise<Stack> {
  const options = {
    file,
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
    const { settlePending } = await import('./rotate.ts');
    await settlePending(context, stack);
    stack = await openStack(options);
  }
  context.io.mask(confidentialValues(stack));
  const [{ placed }, { readChoices }] = await Promise.all([
    import('../placement/placement.ts'),
    import('../state/choices.ts'),
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

/** Where that stack is and what it is called, for what must work while its services are not whole. */
export async function stackPlaceHere(context: Context): Promise<Pick<Stack, 'root' | 'name'>> {
  const file = await findStackFile(context.cwd);
  const { data } = await readStackDocument({ file });
  return { root: dirname(file), name: String(data.name ?? '') };
}

/** The folder of that stack, for commands that must work with a broken `qbtc.yaml`. */
export async function stackRootHere(context: Context): Promise<string> {
  return dirname(await findStackFile(context.cwd));
}
