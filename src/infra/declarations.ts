import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';
import { stackFolders } from './folders.ts';

/** Which services of the compose file are declared as they were when their containers were last seen to. */
export interface Declarations {
  same: ReadonlySet<string>;
  /** Takes back what was written down of these services: their containers are about to change. */
  forget(services: readonly string[]): Promise<void>;
  /** Writes down that the containers of these services are as they are declared now, and work. */
  record(services: readonly string[]): Promise<void>;
}

/** A variable of the caller's environment goes before the env-file. */
const VARIABLE = /\$\{?([A-Za-z_][A-Za-z0-9_]*)/g;

/** Compares the compose file, its env-files, and the variables that it names with what was written down. */
export async function compareDeclarations(
  context: Pick<Context, 'env'>,
  stack: Stack,
): Promise<Declarations> {
  const file = join(stackFolders(stack.root).state, 'containers.json');
  const known = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Record<string, string>;
  const folder = dirname(stack.composeFile);
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const [compose, values] = await Promise.all([read(stack.composeFile), read(join(folder, '.env'))]);
  const variables = [...compose.matchAll(VARIABLE)].map(([, name = '']) => [name, context.env[name]]);
  const common = [compose, values, variables];
  const write = () => writeFileAtomic(file, JSON.stringify(known), { mode: 0o600, fsync: false });
  const names = new Set([
    ...Object.keys(known),
    ...stack.resources.map(({ name }) => name),
    ...stack.services.map(({ name }) => name),
  ]);
  const now = new Map(
    await Promise.all(
      [...names].map(async (name): Promise<[string, string]> => {
        const own = await read(join(folder, 'env', `${name}.env`));
        return [
          name,
          createHash('sha256')
            .update(JSON.stringify([common, own]))
            .digest('hex'),
        ];
      }),
    ),
  );
  return {
    same: new Set([...names].filter((name) => known[name] === now.get(name))),
    async forget(services) {
      for (const name of services) delete known[name];
      await write();
    },
    async record(services) {
      for (const name of services) {
        const digest = now.get(name);
        if (digest !== undefined) known[name] = digest;
      }
      await write();
    },
  };
}
