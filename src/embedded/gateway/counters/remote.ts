import { messageOf } from '../../../errors.ts';
import type { BucketRule, Counters, Place, Window, WindowRule } from '../counters.ts';

/** Carries messages between a process that keeps counts and one that asks it, in their order and as JSON can hold them. */
export interface CounterChannel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The other side is gone. */
  onClose(listener: () => void): void;
}

/** The number of a question, what is asked, and of whom; a place is given back by the number that it was asked under. */
type Question =
  | [id: number, asked: 'window', limit: string, key: string, rule: WindowRule]
  | [id: number, asked: 'bucket', limit: string, key: string, rule: BucketRule]
  | [id: number, asked: 'enter', limit: string, key: string, most: number]
  | [id: number, asked: 'leave', place: number];
/** `null` for what is refused; with an error there is no value. */
type Reply = [id: number, value: unknown, error?: string];

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  /** By `performance.now()`. */
  until: number;
  /** Whether a place was asked for. */
  enters: boolean;
}

/** As long as a Redis may take, unless it is told otherwise. */
const PATIENCE_MS = 1_000;
/** How often in that time it is looked who has waited too long. */
const LOOKS = 4;

/**
 * Counts that another process keeps. What is asked in one turn of the event loop goes over in one message, and what is
 * asked while a message is not answered in the next one: a message costs more than a question. A question that is not
 * answered in time fails, as one to a Redis does; a place that it may have taken is given back.
 */
export class RemoteCounters implements Counters {
  readonly #channel: CounterChannel;
  readonly #patienceMs: number;
  /** The one that has waited for longest stands first. */
  readonly #waiting = new Map<number, Waiting>();
  #outgoing: Question[] = [];
  #lastId = 0;
  /** Whether a message is about to go, or not answered yet. */
  #busy = false;
  #closed = false;
  #looks: NodeJS.Timeout | undefined;

  constructor(channel: CounterChannel, patienceMs = PATIENCE_MS) {
    this.#channel = channel;
    this.#patienceMs = patienceMs;
    channel.onMessage((message) => this.#take(message as Reply[]));
    channel.onClose(() => this.#fail());
  }

  async takeWindow(limit: string, key: string, rule: WindowRule): Promise<Window> {
    return (await this.#ask((id) => [id, 'window', limit, key, rule])) as Window;
  }

  async fillBucket(limit: string, key: string, rule: BucketRule): Promise<number | undefined> {
    const { rate, burst } = rule;
    const excess = await this.#ask((id) => [id, 'bucket', limit, key, { rate, burst }]);
    return (excess as number | null) ?? undefined;
  }

  async enter(limit: string, key: string, most: number): Promise<Place | undefined> {
    let place = 0;
    const taken = await this.#ask((id) => {
      place = id;
      return [id, 'enter', limit, key, most];
    });
    if (taken === null) return undefined;
    return {
      taken: taken as number,
      leave: async () => {
        await this.#ask((id) => [id, 'leave', place]);
      },
    };
  }

  #ask(question: (id: number) => Question): Promise<unknown> {
    if (this.#closed) return Promise.reject(gone());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const asked = question(id);
      const until = performance.now() + this.#patienceMs;
      this.#waiting.set(id, { resolve, reject, until, enters: asked[1] === 'enter' });
      this.#send(asked);
      if (this.#looks === undefined) this.#lookLater();
    });
  }

  #look(): void {
    this.#looks = undefined;
    const now = performance.now();
    let late = false;
    for (const [id, { until, enters, reject }] of this.#waiting) {
      if (until > now) break;
      this.#waiting.delete(id);
      // It may be taken yet: questions are answered in their order.
      if (enters) this.#send([++this.#lastId, 'leave', id]);
      reject(new Error('the process that keeps the counts does not answer'));
      late = true;
    }
    // Nobody waits for that message any more.
    if (late) this.#flush();
    if (this.#waiting.size > 0) this.#lookLater();
  }

  #lookLater(): void {
    this.#looks = setTimeout(() => this.#look(), this.#patienceMs / LOOKS).unref();
  }

  #send(question: Question): void {
    this.#outgoing.push(question);
    if (this.#busy) return;
    this.#busy = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const questions = this.#outgoing;
    this.#outgoing = [];
    this.#busy = questions.length > 0;
    if (this.#busy && !this.#closed) this.#channel.send(questions);
  }

  #take(replies: Reply[]): void {
    for (const [id, value, error] of replies) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    }
    this.#flush();
  }

  #fail(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }
}

const gone = () => new Error('the process that keeps the counts is gone');

/** Answers the questions of another process out of `counters`. The places that it holds are free once it is gone. */
export function keepCounters(counters: Counters, channel: CounterChannel): void {
  const places = new Map<number, Place>();
  let over = false;
  const answered = (question: Question): unknown => {
    switch (question[1]) {
      case 'window':
        return counters.takeWindow(question[2], question[3], question[4]);
      case 'bucket':
        return counters.fillBucket(question[2], question[3], question[4]);
      case 'enter':
        return entered(question[0], counters.enter(question[2], question[3], question[4]));
      case 'leave': {
        const place = places.get(question[2]);
        places.delete(question[2]);
        return place?.leave();
      }
    }
  };
  async function entered(id: number, asked: ReturnType<Counters['enter']>): Promise<number | undefined> {
    const place = await asked;
    if (place === undefined) return undefined;
    if (over) void place.leave();
    else places.set(id, place);
    return place.taken;
  }
  channel.onMessage(async (message) => {
    const asking = (message as Question[]).map(async (question): Promise<Reply> => {
      try {
        return [question[0], (await answered(question)) ?? null];
      } catch (error) {
        return [question[0], null, messageOf(error)];
      }
    });
    const replies = await Promise.all(asking);
    if (!over) channel.send(replies);
  });
  channel.onClose(() => {
    over = true;
    for (const place of places.values()) void place.leave();
    places.clear();
  });
}
