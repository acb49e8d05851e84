import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Context } from '../../context.ts';
import type { Stack } from '../../model/stack.ts';
import { stateFile } from '../../state/index.ts';
import { declaredContainers } from './declared-containers.ts';
import { composePlace } from './place.ts';

/** Which services of the compose file are declared as they were when their containers were last seen to. */
export interface Declarations {
  same: ReadonlySet<string>;
  /** Takes back what was written down of these services: their containers are about to change. */
  forget(services: readonly string[]): Promise<void>;
  /** Writes down that the containers of these services are as they are declared now, and work. */
  record(services: readonly string[]): Promise<void>;
}

/** By the name of the service: the digest of how it was declared. Made anew where it cannot be read. */
const file = stateFile<Record<string, string>>('containers', z.record(z.string(), z.string()), {});

/** A variable of the caller's environment goes before the env-file. */
const VARIABLE = /\$\{?([A-Za-z_][A-Za-z0-9_]*)/g;

/** Compares the compose file, its env-files, and the variables that it names with what was written down. */
export async function compareDeclarations(
  context: Pick<Context, 'env'>,
  stack: Stack,
): Promise<Declarations> {
  const known = await file.read(stack.root);
  const place = composePlace(stack);
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const [compose, values] = await Promise.all([read(stack.composeFile), read(place.values)]);
  const variables = [...compose.matchAll(VARIABLE)].map(([, name = '']) => [name, context.env[name]]);
  const containers = declaredContainers(stack).map(({ name, ports, server }) => [name, ports, server]);
  const common = [compose, values, variables, ...(containers.length === 0 ? [] : [containers])];
  const names = new Set([
    ...Object.keys(known),
    ...stack.resources.map(({ name }) => name),
    ...stack.services.map(({ name }) => name),
  ]);
  const now = new Map(
    await Promise.all(
      [...names].map(async (name): Promise<[string, string]> => {
        const own = await read(join(place.folder, `${name}.env`));
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
      await file.change(stack.root, (digests) =>
        Object.fromEntries(Object.entries(digests).filter(([name]) => !services.includes(name))),
      );
    },
    async record(services) {
      const seen = services.flatMap((name) => {
        const digest = now.get(name);
        return digest === undefined ? [] : [[name, digest] as const];
      });
      await file.change(stack.root, (digests) => ({ ...digests, ...Object.fromEntries(seen) }));
    },
  };
}
