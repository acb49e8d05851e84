import * as z from 'zod';
import type { Seen } from '../model/adoption.ts';
import { stateFile } from '../state/index.ts';

const port = z.number().int();
const seen = z.array(
  z.object({
    service: z.string(),
    ports: z.array(port),
    http: z
      .object({ port, top: z.number(), health: z.string().optional(), metrics: z.string().optional() })
      .optional(),
    logs: z.string().optional(),
    ended: z.string().optional(),
  }),
) as unknown as z.ZodType<Seen[]>;

const file = stateFile<Seen[]>('seen', seen, []);

/** What the last `init --probe` saw: a later `init --update` goes by it, too. Empty before the first one. */
export const readSeen = (root: string): Promise<Seen[]> => file.read(root);

export const writeSeen = (root: string, found: Seen[]): Promise<void> => file.write(root, found);
