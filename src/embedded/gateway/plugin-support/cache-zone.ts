import { detached } from '../detached.ts';
import { HeaderList } from '../http/header-list.ts';
import { Pieces } from '../pieces.ts';

/** An answer as it is kept. */
export interface CachedAnswer {
  status: number;
  headers: HeaderList;
  body: Buffer;
  /** Milliseconds since the epoch. */
  storedAt: number;
  /** Seconds for which it is good. */
  ttl: number;
  /** The fields of the request that it was chosen by, with their values; none where nobody asks for them. */
  vary: readonly (readonly [name: string, value: string])[];
}

/** What an answer takes beside its texts and bytes. */
const ENTRY_BYTES = 512;

/**
 * Answers by key, in a memory that is bounded as one of nginx's shared ones: of too many, those go that were asked for the
 * longest ago. An answer that is past its time stays until then, so that it can be told from one that never was.
 */
export class CacheZone {
  /** Bytes. */
  readonly size: number;
  #used = 0;
  #collecting = 0;
  readonly #answers = new Map<string, CachedAnswer>();

  constructor(size: number) {
    this.size = size;
  }

  get(key: string): CachedAnswer | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    this.#answers.delete(key);
    this.#answers.set(detached(key), answer);
    return answer;
  }

  /** @returns false when it is too large to be kept */
  set(key: string, answer: CachedAnswer): boolean {
    this.delete(key);
    const bytes = bytesOf(key, answer);
    if (bytes > this.size) return false;
    const headers = new HeaderList(answer.headers.flat.map(detached));
    const vary = answer.vary.map(([name, value]): [string, string] => [detached(name), detached(value)]);
    this.#answers.set(detached(key), { ...answer, headers, vary });
    this.#used += bytes;
    for (const oldest of this.#answers.keys()) {
      if (this.#used <= this.size) break;
      this.delete(oldest);
    }
    return true;
  }

  /** @returns false when there was none */
  delete(key: string): boolean {
    const answer = this.#answers.get(key);
    if (answer === undefined) return false;
    this.#used -= bytesOf(key, answer);
    return this.#answers.delete(key);
  }

  /** Begins to collect a body; what all that are collected at a time take is bounded as well. */
  collect(): BodyCollection {
    return new BodyCollection((bytes) => {
      if (this.#collecting + bytes > this.size) return false;
      this.#collecting += bytes;
      return true;
    });
  }
}

/** The pieces of a body, until it is whole or too long. */
export class BodyCollection {
  readonly #take: (bytes: number) => boolean;
  #pieces: Pieces | undefined = new Pieces();

  /** @param take asks for room, or gives it back; false when there is none */
  constructor(take: (bytes: number) => boolean) {
    this.#take = take;
  }

  add(piece: Buffer): void {
    if (this.#pieces === undefined || piece.length === 0) return;
    if (this.#take(piece.length)) this.#pieces.add(piece);
    else this.drop();
  }

  /** The whole body; `undefined` for one that was too long. Nothing is held of it any more. */
  end(): Buffer | undefined {
    const body = this.#pieces?.bytes();
    this.drop();
    return body;
  }

  drop(): void {
    this.#take(-(this.#pieces?.length ?? 0));
    this.#pieces = undefined;
  }
}

function bytesOf(key: string, { headers, body }: CachedAnswer): number {
  return ENTRY_BYTES + key.length + body.length + headers.flat.reduce((sum, text) => sum + text.length, 0);
}
