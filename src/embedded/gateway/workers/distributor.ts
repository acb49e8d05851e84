import type { Socket } from 'node:net';

/** A worker as far as connections go to it. */
export interface Receiver {
  /** Sends a connection over; it stays open here, too, until the worker says that it has it. */
  hand(number: number, secure: boolean, socket: Socket): void;
  /** Asks for a word about a connection that was sent over before. */
  askFor(number: number): void;
}

interface Accepted {
  socket: Socket;
  secure: boolean;
  /** How often it was lost on its way. */
  losses: number;
}

interface Handed extends Accepted {
  /** Whether the worker takes long to say that it has it. */
  late: boolean;
}

/** A worker that takes connections, as this process knows it. */
interface Seat {
  /** How many connections it has, as it said last. */
  open: number;
  /** What it has not said that it has, by number. */
  handed: Map<number, Handed>;
  /** By the clock: until then it gets none, as one did not come over. */
  fullUntil: number;
}

/** What waits beyond this is more than any worker will come to. */
const MOST_WAITING = 10_000;
const MOST_LOSSES = 3;
/** Enough for none to wait for the word about the one before; a message to the worker waits for them, too. */
const MOST_HANDED = 4;
/** How long a worker that could not take a connection gets none, unless it has fewer before. */
const FULL_MS = 1_000;

/**
 * Brings each connection to the worker that has the fewest, of those that are ready for it. A worker says of each that it
 * has it, before it reads from it: what it has not said that it has was not begun, and goes to another when it ends. One
 * that is busy gets fewer, and one that hangs holds up a few.
 */
export class Distributor {
  readonly #waiting: Accepted[] = [];
  readonly #seats = new Map<Receiver, Seat>();
  readonly #now: () => number;
  readonly #mostHanded: number;
  #lastNumber = 0;

  /**
   * @param now milliseconds of a clock that never goes back
   * @param mostHanded how many connections may be on their way to one worker
   */
  constructor(now: () => number = () => performance.now(), mostHanded = MOST_HANDED) {
    this.#now = now;
    this.#mostHanded = mostHanded;
  }

  accept(socket: Socket, secure: boolean): void {
    socket.on('error', () => {});
    if (this.#waiting.length >= MOST_WAITING) socket.destroy();
    else {
      this.#waiting.push({ socket, secure, losses: 0 });
      this.#distribute();
    }
  }

  /** Whether there is a connection that no worker has. */
  get busy(): boolean {
    return this.#waiting.length > 0 || [...this.#seats.values()].some(({ handed }) => handed.size > 0);
  }

  /** A worker serves from now on. */
  join(worker: Receiver): void {
    this.#seats.set(worker, { open: 0, handed: new Map(), fullUntil: 0 });
    this.#distribute();
  }

  /** A worker has ended, and everything that it has said has come. */
  leave(worker: Receiver): void {
    const seat = this.#seats.get(worker);
    this.#seats.delete(worker);
    this.#waiting.unshift(...(seat?.handed.values() ?? []));
    this.#distribute();
  }

  /** A worker has so many connections. */
  counted(worker: Receiver, open: number): void {
    const seat = this.#seats.get(worker);
    if (seat === undefined) return;
    if (open < seat.open) seat.fullUntil = 0;
    seat.open = open;
    this.#distribute();
  }

  /** A worker has a connection, and now so many. */
  taken(worker: Receiver, number: number, open: number): void {
    this.#settle(worker, number)?.socket.destroy();
    this.counted(worker, open);
  }

  /** A connection did not come over: the worker has too many files open, say. */
  missed(worker: Receiver, number: number): void {
    const lost = this.#settle(worker, number);
    const seat = this.#seats.get(worker);
    if (lost === undefined || seat === undefined) return;
    seat.fullUntil = this.#now() + FULL_MS;
    lost.losses++;
    if (lost.losses < MOST_LOSSES) this.#waiting.unshift(lost);
    else lost.socket.destroy();
    this.#distribute();
  }

  /**
   * Whether a worker owes a word about a connection; called now and then. The second time it is asked for it.
   */
  owes(worker: Receiver): boolean {
    const handed = this.#seats.get(worker)?.handed ?? new Map<number, Handed>();
    for (const [number, connection] of handed) {
      if (connection.late) worker.askFor(number);
      connection.late = true;
    }
    this.#distribute();
    return handed.size > 0;
  }

  /** Gives up what no worker has. */
  close(): void {
    for (const { socket } of this.#waiting) socket.destroy();
    for (const { handed } of this.#seats.values()) for (const { socket } of handed.values()) socket.destroy();
    this.#waiting.length = 0;
    this.#seats.clear();
  }

  #settle(worker: Receiver, number: number): Handed | undefined {
    const handed = this.#seats.get(worker)?.handed;
    const settled = handed?.get(number);
    handed?.delete(number);
    return settled;
  }

  #distribute(): void {
    while (this.#waiting.length > 0) {
      const next = this.#next();
      if (next === undefined) return;
      const accepted = this.#waiting.shift() as Accepted;
      const number = ++this.#lastNumber;
      next.seat.handed.set(number, { ...accepted, late: false });
      next.worker.hand(number, accepted.secure, accepted.socket);
    }
  }

  /** The worker for the next connection: of those that are ready for it the one with the fewest. */
  #next(): { worker: Receiver; seat: Seat } | undefined {
    const now = this.#now();
    let next: { worker: Receiver; seat: Seat } | undefined;
    for (const [worker, seat] of this.#seats) {
      if (seat.handed.size >= this.#mostHanded || seat.fullUntil > now) continue;
      if (next === undefined || loadOf(seat) < loadOf(next.seat)) next = { worker, seat };
    }
    return next;
  }
}

const loadOf = ({ open, handed }: Seat) => open + handed.size;
