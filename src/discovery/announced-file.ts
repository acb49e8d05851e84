import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import type { AnnouncedInstance } from './announce.ts';

const format = z.object({
  version: z.literal(1),
  instances: z.array(
    z.object({
      name: z.string(),
      instance: z.string(),
      version: z.string().optional(),
      host: z.string(),
      port: z.number(),
      protocol: z.literal('http'),
      health: z.string(),
    }),
  ),
});

/** What was announced last; nothing where that cannot be read: then all is announced anew. */
export async function readAnnounced(root: string): Promise<AnnouncedInstance[]> {
  try {
    return format.parse(JSON.parse(await readFile(fileOf(root), 'utf8'))).instances;
  } catch {
    return [];
  }
}

export async function writeAnnounced(root: string, instances: readonly AnnouncedInstance[]): Promise<void> {
  await mkdir(dirname(fileOf(root)), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify({ version: 1, instances }, null, 2)}\n`;
  await writeFileAtomic(fileOf(root), text, { mode: 0o600 });
}

function fileOf(root: string): string {
  return join(root, '.qbtc', 'announced.json');
}
