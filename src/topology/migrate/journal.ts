import { createHash } from 'node:crypto';
import * as z from 'zod';
import { openStateFile, STATE_FILES } from '../../state/index.ts';

const batchSchema = z.object({
  /** How many messages the two queues held when the batch was taken, those of the batch included. */
  sourceBefore: z.number(),
  targetBefore: z.number(),
  /** Each message of the batch, in order. */
  digests: z.array(z.string()),
});

const journalSchema = z.object({
  version: z.literal(1),
  queue: z.string(),
  /** What is being done: the messages go aside, the queue is replaced, they come back, the helpers are removed. */
  phase: z.enum(['aside', 'replace', 'back', 'clean']),
  /** Services that were stopped for it and are started again at the end. */
  paused: z.array(z.string()),
  /** The messages that were on their way when this was written. */
  batch: batchSchema.optional(),
});

export type Batch = z.output<typeof batchSchema>;
export type Journal = z.output<typeof journalSchema>;

/** Where a migration stands, in `.qbtc/migrations/`: what a later run needs to go on after a kill at any moment. */
export interface JournalFile {
  read(): Promise<Journal | undefined>;
  /** On the disk once it resolves. */
  write(journal: Journal): Promise<void>;
  remove(): Promise<void>;
}

export function journalFile(root: string, queue: string): JournalFile {
  const file = openStateFile<Journal | undefined>(
    {
      file: `${STATE_FILES.migrations.file}/${fileNameOf(queue)}.json`,
      lifetime: 'stack',
      damaged: {
        code: 'JOURNAL_UNREADABLE',
        hint: `it says where the migration of ${queue} stands; its messages are in ${queue} and in ${holdingQueue(queue)}`,
      },
    },
    journalSchema.optional(),
    undefined,
  );
  return {
    read: () => file.read(root),
    write: (journal) => file.write(root, journal),
    remove: () => file.remove(root),
  };
}

/** The longest name that file systems take is 255 bytes; what comes beside it (a lock, a draft) takes its part. */
const LONGEST_NAME = 160;

/** Any name may be a queue's. One that is cut keeps apart from others that begin as it does. */
function fileNameOf(queue: string): string {
  const name = encodeURIComponent(queue);
  if (name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME)}-${createHash('sha256').update(queue).digest('hex').slice(0, 16)}`;
}

/** Where the messages wait while their queue is replaced. */
export function holdingQueue(queue: string): string {
  return `qbtc.migration.${queue}`;
}
