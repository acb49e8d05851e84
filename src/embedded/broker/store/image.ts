import { tableBytes } from '../codec/table.ts';
import { FRAME_BYTES } from './journal.ts';
import type { BindingRecord, ExchangeRecord, MessageRecord, QueueRecord, StoredRecord } from './record.ts';

/** About what a record takes besides names and contents. */
const RECORD_BYTES = FRAME_BYTES + 32;
/** About what a definition takes. */
const DEFINITION_BYTES = 256;

export interface QueueImage {
  definition: QueueRecord;
  /** By position, in the order of the positions. */
  messages: Map<number, MessageRecord>;
}

/** What the records of a log come to: everything that survives, as plain data. */
export class Image {
  readonly exchanges = new Map<string, ExchangeRecord>();
  readonly queues = new Map<string, QueueImage>();
  /** Whether there is a file of definitions beside the journals. */
  keepsDefinitions = false;
  private readonly bindingsByKey = new Map<string, BindingRecord>();
  private messageBytes = 0;

  get bindings(): Iterable<BindingRecord> {
    return this.bindingsByKey.values();
  }

  /** About how many bytes a log takes that says the same with no word too many. */
  get bytes(): number {
    const definitions = this.exchanges.size + this.queues.size + this.bindingsByKey.size;
    return this.messageBytes + definitions * DEFINITION_BYTES;
  }

  /** Changes about what is not there are ignored. */
  apply(record: StoredRecord): void {
    switch (record.kind) {
      case 'exchange':
        this.exchanges.set(record.name, record);
        break;
      case 'exchange-gone':
        this.exchanges.delete(record.name);
        this.dropBindings('exchange', record.name);
        break;
      case 'queue':
        this.queues.set(record.name, { definition: record, messages: new Map() });
        break;
      case 'queue-gone':
        for (const message of this.queues.get(record.name)?.messages.values() ?? [])
          this.messageBytes -= bytesOf(message);
        this.queues.delete(record.name);
        this.dropBindings('queue', record.name);
        break;
      case 'binding':
        this.bindingsByKey.set(keyOf(record), record);
        break;
      case 'binding-gone':
        this.bindingsByKey.delete(keyOf(record));
        break;
      case 'message': {
        const messages = this.queues.get(record.queue)?.messages;
        if (messages === undefined) return;
        messages.set(record.position, record);
        this.messageBytes += bytesOf(record);
        break;
      }
      case 'delivered': {
        const message = this.message(record.queue, record.position);
        if (message !== undefined) message.deliveries = record.deliveries;
        break;
      }
      case 'message-gone': {
        const message = this.message(record.queue, record.position);
        if (message === undefined) return;
        this.queues.get(record.queue)?.messages.delete(record.position);
        this.messageBytes -= bytesOf(message);
        break;
      }
      case 'definitions-kept':
        this.keepsDefinitions = true;
        break;
    }
  }

  message(queue: string, position: number): MessageRecord | undefined {
    return this.queues.get(queue)?.messages.get(position);
  }

  /** The shortest log that comes to this image. */
  records(): StoredRecord[] {
    const records: StoredRecord[] = [...this.exchanges.values()];
    for (const { definition } of this.queues.values()) records.push(definition);
    for (const binding of this.bindingsByKey.values()) records.push(binding);
    for (const { messages } of this.queues.values())
      for (const message of messages.values()) records.push(message);
    if (this.keepsDefinitions) records.push({ kind: 'definitions-kept' });
    return records;
  }

  private dropBindings(kind: 'queue' | 'exchange', name: string): void {
    for (const [key, { source, destination }] of this.bindingsByKey) {
      const endsThere = destination.kind === kind && destination.name === name;
      if (endsThere || (kind === 'exchange' && source === name)) this.bindingsByKey.delete(key);
    }
  }
}

function keyOf({ source, destination, routingKey, arguments: given }: BindingRecord): string {
  const text = given.size === 0 ? '' : tableBytes(given).toString('latin1');
  return [source, destination.kind, destination.name, routingKey, text].join('\0');
}

function bytesOf({ queue, message }: MessageRecord): number {
  return (
    RECORD_BYTES + queue.length + message.address.length + message.properties.length + message.body.length
  );
}
