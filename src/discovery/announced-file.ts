import * as z from 'zod';
import { stateFile } from '../state/index.ts';
import type { AnnouncedInstance } from './announce.ts';

const instance = z.object({
  name: z.string(),
  instance: z.string(),
  version: z.string().optional(),
  host: z.string(),
  port: z.number(),
  protocol: z.literal('http'),
  health: z.string(),
}) as z.ZodType<AnnouncedInstance>;

const file = stateFile<{ version: 1; instances: AnnouncedInstance[] }>(
  'announced',
  z.object({ version: z.literal(1), instances: z.array(instance) }),
  { version: 1, instances: [] },
);

/** What was announced last; nothing where that cannot be read: then all is announced anew. */
export async function readAnnounced(root: string): Promise<AnnouncedInstance[]> {
  return (await file.read(root)).instances;
}

export function writeAnnounced(root: string, instances: readonly AnnouncedInstance[]): Promise<void> {
  return file.write(root, { version: 1, instances: [...instances] });
}
