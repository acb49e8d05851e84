import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Service, Stack } from '../model/stack.ts';
import { bundleService } from './bundle.ts';
import { stackFolders } from './folders.ts';

/** What every image of the stack is built with besides the service's own code. */
const COMMON = ['package.json', 'package-lock.json', '.dockerignore'];

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
export async function judgeImages(stack: Stack, services: readonly Service[]): Promise<Images> {
  const file = join(stackFolders(stack.root).build, 'images.json');
  const known = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Record<string, string>;
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
        const { digest } = await bundleService(stack.root, { ...service, entry });
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
      const next = { ...known };
      for (const name of names) {
        const digest = digests.get(name);
        if (digest !== undefined) next[name] = digest;
      }
      await writeFileAtomic(file, JSON.stringify(next), { mode: 0o600, fsync: false });
    },
  };
}
