import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { messageOf, QbtcError } from '../../errors.ts';

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
  // Any name may be a queue's.
  const file = join(root, '.qbtc', 'migrations', `${encodeURIComponent(queue).slice(0, 200)}.json`);
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      try {
        return journalSchema.parse(JSON.parse(text));
      } catch (error) {
        throw new QbtcError('JOURNAL_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, {
          hint: `it says where the migration of ${queue} stands; its messages are in ${queue} and in ${holdingQueue(queue)}`,
          cause: error,
        });
      }
    },
    async write(journal) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFileAtomic(file, `${JSON.stringify(journal)}\n`, { mode: 0o600 });
    },
    remove: () => rm(file, { force: true }),
  };
}

/** Where the messages wait while their queue is replaced. */
export function holdingQueue(queue: string): string {
  return `qbtc.migration.${queue}`;
}
