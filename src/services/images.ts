import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Service, Stack } from '../model/stack.ts';
import { stateFile } from '../state/index.ts';
import type { Bundles } from './bundle.ts';

/** What every image of the stack is built with besides the service's own code. */
const COMMON = ['package.json', 'package-lock.json', '.dockerignore'];

/** By the name of the service: the digest of what its image was built from. Made anew where it cannot be read. */
const file = stateFile<Record<string, string>>('images', z.record(z.string(), z.string()), {});

/** The services whose image is to be built: from other sources than the last one, or never built by us. */
export interface Images {
  outdated: string[];
  /** Writes down that these were built from what `outdated` was judged by. */
  built(services: readonly string[]): Promise<void>;
}

/**
 * Judges images by the digest of what goes into them, which takes milliseconds where asking the builder takes seconds.
 * A service with a command of its own says nothing about its sources: its builder is always asked.
 */
export async function judgeImages(
  stack: Stack,
  services: readonly Service[],
  bundles: Bundles,
): Promise<Images> {
  const known = await file.read(stack.root);
  const common = await Promise.all(
    [
      stack.composeFile,
      join(dirname(stack.composeFile), 'service.Dockerfile'),
      ...COMMON.map((name) => join(stack.root, name)),
    ].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const digests = new Map(
    await Promise.all(
      services.map(async ({ entry, ...service }): Promise<[string, string | undefined]> => {
        if (entry === undefined) return [service.name, undefined];
        const { digest } = await bundles.bundle({ ...service, entry });
        return [
          service.name,
          createHash('sha256')
            .update(JSON.stringify([common, digest]))
            .digest('hex'),
        ];
      }),
    ),
  );
  return {
    outdated: services
      .map(({ name }) => name)
      .filter((name) => digests.get(name) === undefined || known[name] !== digests.get(name)),
    async built(names) {
      const made = names.flatMap((name) => {
        const digest = digests.get(name);
        return digest === undefined ? [] : [[name, digest] as const];
      });
      await file.change(stack.root, (before) => ({ ...before, ...Object.fromEntries(made) }));
    },
  };
}
