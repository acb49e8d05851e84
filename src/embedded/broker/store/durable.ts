import { messageOf } from '../../../errors.ts';
import type { Log } from '../../program.ts';
import { AmqpError } from '../errors.ts';
import type { Binding } from '../exchange/binding.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { after } from '../guard.ts';
import type { Entry } from '../queue/entry.ts';
import type { Queue } from '../queue/queue.ts';
import { writeSnapshot } from './compaction.ts';
import { isDurable, isKept, recordOf } from './durability.ts';
import { StoreFolder } from './folder.ts';
import type { Image } from './image.ts';
import { Batch, type JournalFile } from './journal.ts';
import { lockFolder } from './lock.ts';
import { RecordEncoder, type StoredRecord } from './record.ts';
import { type Replayed, replay } from './replay.ts';
import { JournalSeries } from './series.ts';
import type { Publication, Store, StoreOutcome } from './store.ts';

/** So much more than twice the living may a log hold before it is written anew. */
const SLACK_BYTES = 32 * 1024 * 1024;
/** How long after an error of the disk the state is written anew. */
const REPAIR_MS = 1_000;

const CANNOT_WRITE = 'cannot write to the disk: persistent messages are not confirmed until it takes them';

export interface DurableStoreOptions {
  /** See `SLACK_BYTES`. */
  slackBytes?: number | undefined;
  /** Whether to go on without what was confirmed and is damaged. */
  acceptLoss?: boolean | undefined;
  /** Why the folder cannot be a new one; `undefined` where it may be. */
  expected?: string | undefined;
}

/**
 * Keeps what RabbitMQ calls durable in a folder: every change is appended to a journal, in the turn in which it
 * happens and before a client hears of it, so that a kill loses nothing that anybody has seen. Publishes are confirmed
 * once the disk has them; those that come while it works are served together by its next round.
 *
 * When the disk refuses, publishers that can be told are told so, everybody else is served from memory, and the whole
 * state is written anew as soon as there is room.
 */
export class DurableStore implements Store {
  /** What the files say; when it is opened, what the earlier broker has left. */
  readonly image: Image;
  private readonly folder: StoreFolder;
  private readonly log: Log;
  private readonly unlock: () => void;
  private readonly slackBytes: number;
  private readonly batch = new Batch();
  private encoder = new RecordEncoder();
  private readonly series: JournalSeries;
  /** What all files hold. */
  private bytes: number;
  private compactAbove: number;
  private flushing = false;
  private syncing = false;
  private holdsDefinitions = false;
  /** Publishes in the batch. */
  private unwritten: Publication[] = [];
  /** Publishes that the operating system has and the disk may not have. */
  private unsynced: Publication[] = [];
  /** False from an error of the disk on until the files say everything again. */
  private complete = true;
  private compaction: Promise<void> | undefined;
  private repairTimer: NodeJS.Timeout | undefined;
  private closed = false;

  /**
   * Locks the folder and reads it. Throws BROKER_DATA_IN_USE, BROKER_DATA_DAMAGED, and the errors of the system, but
   * for those of writing: a disk that is full may be emptied by what is read.
   */
  constructor(
    path: string,
    log: Log,
    { slackBytes = SLACK_BYTES, acceptLoss = false, expected }: DurableStoreOptions = {},
  ) {
    this.folder = new StoreFolder(path);
    this.log = log;
    this.slackBytes = slackBytes;
    this.unlock = lockFolder(path);
    let found: Replayed;
    try {
      found = replay(this.folder, log, acceptLoss, expected);
    } catch (error) {
      this.unlock();
      throw error;
    }
    this.image = found.image;
    this.bytes = found.bytes;
    this.series = new JournalSeries(this.folder, log, found);
    // What is damaged is not written on: `settle` puts a snapshot in its place.
    if (found.isDamaged) this.complete = false;
    else
      try {
        this.series.resume(found);
      } catch (error) {
        this.fail(error);
      }
    this.compactAbove = this.threshold();
  }

  /** Called once, when what was read is restored: after a loss that was accepted, the state is written anew. */
  async settle(): Promise<void> {
    if (this.complete || this.repairTimer !== undefined) return;
    const error = await this.rewrite();
    if (error === undefined) return;
    this.log('error', CANNOT_WRITE, { folder: this.folder.path, error: messageOf(error) });
    this.repairLater();
  }

  add(queue: Queue, entry: Entry, publication: Publication | undefined): StoreOutcome {
    if (!isKept(queue, entry)) return 'stored';
    if (!this.complete && publication !== undefined) return 'refused';
    this.record({
      kind: 'message',
      queue: queue.name,
      position: entry.position,
      expiresAt: entry.expiresAt,
      deliveries: 0,
      message: entry.message,
    });
    if (publication === undefined) return 'stored';
    this.unwritten.push(publication);
    return 'storing';
  }

  delivered(queue: Queue, entry: Entry): void {
    if (!isKept(queue, entry)) return;
    const { position, returns } = entry;
    const message = this.image.message(queue.name, position);
    // Classic queues remember only whether, quorum queues how often.
    if (message === undefined || (message.deliveries > 0 && queue.settings.type === 'classic')) return;
    this.record({ kind: 'delivered', queue: queue.name, position, deliveries: returns + 1 });
  }

  remove(queue: Queue, entry: Entry): void {
    if (!isKept(queue, entry)) return;
    this.record({ kind: 'message-gone', queue: queue.name, position: entry.position });
  }

  exchangeDeclared({ durable, name, type, autoDelete, internal, arguments: given }: Exchange): void {
    if (!durable) return;
    this.define({ kind: 'exchange', name, type: type.name, autoDelete, internal, arguments: given });
  }

  exchangeDeleted({ durable, name }: Exchange): void {
    if (durable) this.forget({ kind: 'exchange-gone', name });
  }

  queueDeclared({ durable, name, autoDelete, arguments: given }: Queue): void {
    if (durable) this.define({ kind: 'queue', name, autoDelete, arguments: given });
  }

  queueDeleted({ durable, name }: Queue): void {
    if (durable) this.forget({ kind: 'queue-gone', name });
  }

  bound(binding: Binding): void {
    if (isDurable(binding)) this.define(recordOf('binding', binding));
  }

  unbound(binding: Binding): void {
    if (isDurable(binding)) this.forget(recordOf('binding-gone', binding));
  }

  /** A file of definitions stands beside the journals from now on: one that is missing later is missed. */
  definitionsKept(): void {
    if (this.image.keepsDefinitions) return;
    if (this.complete) this.define({ kind: 'definitions-kept' });
    else this.image.apply({ kind: 'definitions-kept' });
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.repairTimer);
    this.flush();
    await this.compaction;
    if (!this.complete) await this.rewrite();
    try {
      this.series.current?.syncNow();
      if (this.complete) this.series.promise(this.series.current?.bytes ?? 0);
    } catch (error) {
      this.fail(error);
    }
    this.series.close();
    this.unlock();
  }

  /** Definitions are rare and are answered at once: they are on the disk before that, or refused. */
  private define(record: StoredRecord): void {
    if (this.complete) {
      this.batch.add(this.encoder.encode(record));
      this.holdsDefinitions = true;
      this.write();
    }
    if (!this.complete)
      throw new AmqpError('RESOURCE_ERROR', 'the disk does not take durable definitions now');
    this.image.apply(record);
    this.compactIfLong();
  }

  /** What ends is not refused for want of a disk: that is how room is made. */
  private forget(record: StoredRecord): void {
    this.holdsDefinitions = true;
    this.record(record);
  }

  private record(record: StoredRecord): void {
    this.image.apply(record);
    if (this.series.current === undefined) return;
    this.batch.add(this.encoder.encode(record));
    if (this.flushing) return;
    this.flushing = true;
    // Before the sockets are written to: that waits for the end of the turn.
    queueMicrotask(() => this.flush());
  }

  private flush(): void {
    this.write();
    this.compactIfLong();
  }

  private write(): void {
    this.flushing = false;
    const { batch } = this;
    const { current: journal } = this.series;
    if (journal === undefined || batch.bytes === 0) return;
    try {
      journal.write(batch.view());
      if (this.holdsDefinitions) {
        journal.syncNow();
        this.promise(journal, journal.bytes);
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    this.bytes += batch.bytes;
    batch.clear();
    this.holdsDefinitions = false;
    for (const publication of this.unwritten) this.unsynced.push(publication);
    this.unwritten = [];
    this.sync();
  }

  /** Only when the image holds everything that was written: it is what a snapshot is made of. */
  private compactIfLong(): void {
    if (this.bytes > this.compactAbove && this.series.current !== undefined) this.compact();
  }

  private sync(): void {
    const { current: journal } = this.series;
    if (this.syncing || this.unsynced.length === 0 || journal === undefined) return;
    this.syncing = true;
    const served = this.unsynced;
    this.unsynced = [];
    const { bytes } = journal;
    journal.sync((error) => {
      this.syncing = false;
      if (error !== null) {
        for (const publication of served) publication.lost();
        this.fail(error);
        return;
      }
      this.promise(journal, bytes);
      for (const publication of served) publication.stored();
      this.sync();
    });
  }

  /** A journal that was left is spoken for by the next one; one that waits for its snapshot says nothing yet. */
  private promise(journal: JournalFile, bytes: number): void {
    if (this.complete && journal === this.series.current) this.series.promise(bytes);
  }

  private threshold(): number {
    return this.image.bytes * 2 + this.slackBytes;
  }

  /** Begins a new journal and writes everything that stands before it into a snapshot. */
  private compact(): void {
    if (this.compaction !== undefined || this.closed) return;
    this.compaction = this.rewrite().then(() => {
      this.compaction = undefined;
      if (!this.complete && !this.closed) this.repairLater();
    });
  }

  /** Gives the error that stood in its way. */
  private async rewrite(): Promise<unknown> {
    const wasComplete = this.complete;
    const before = this.bytes;
    try {
      const number = this.begin(wasComplete ? 'previous' : 'snapshot');
      const journal = this.series.current;
      const written = await writeSnapshot(this.folder, number, this.image.records());
      await this.series.replaced(number);
      this.bytes = this.bytes - before + written;
      this.compactAbove = this.threshold();
      if (wasComplete || this.series.current !== journal) return undefined;
      this.complete = true;
      this.log('info', 'the state is on the disk again', { folder: this.folder.path });
      return undefined;
    } catch (error) {
      // What was there is there still, and is read together with what comes after it.
      this.compactAbove = this.bytes + this.slackBytes;
      if (wasComplete) this.log('warn', 'cannot shorten the journal', { error: messageOf(error) });
      return error;
    }
  }

  private begin(basis: 'previous' | 'snapshot'): number {
    try {
      // The next journal is worth nothing without this one, as long as there is no snapshot.
      this.series.current?.syncNow();
    } catch (error) {
      this.fail(error);
      throw error;
    }
    const number = this.series.begin(basis);
    this.encoder = new RecordEncoder();
    return number;
  }

  private repairLater(): void {
    this.repairTimer = after(
      REPAIR_MS,
      (error) => this.fail(error),
      () => this.compact(),
    );
  }

  /** From now on nothing is promised any more, until everything is written anew. */
  private fail(error: unknown): void {
    const lost = [...this.unsynced, ...this.unwritten];
    this.unsynced = [];
    this.unwritten = [];
    this.batch.clear();
    this.holdsDefinitions = false;
    this.series.abandon();
    if (this.complete) this.log('error', CANNOT_WRITE, { folder: this.folder.path, error: messageOf(error) });
    this.complete = false;
    for (const publication of lost) publication.lost();
    if (this.closed || this.compaction !== undefined) return;
    clearTimeout(this.repairTimer);
    this.repairLater();
  }
}
