import Denque from 'denque';
import type { Entry } from './entry.ts';

/** The messages of one priority: those that came back stand before those that nobody has seen. */
class Lane {
  private readonly returned = new Denque<Entry>();
  private readonly fresh = new Denque<Entry>();

  get length(): number {
    return this.returned.length + this.fresh.length;
  }

  push(entry: Entry): void {
    this.fresh.push(entry);
  }

  peek(): Entry | undefined {
    return this.returned.peekFront() ?? this.fresh.peekFront();
  }

  shift(): Entry | undefined {
    return this.returned.shift() ?? this.fresh.shift();
  }

  /** Whatever comes back was taken from the front, so its place is always among those that came back earlier. */
  putBack(entry: Entry): void {
    const { returned } = this;
    const last = returned.peekBack();
    const first = returned.peekFront();
    if (last === undefined || last.position < entry.position) returned.push(entry);
    else if (first !== undefined && first.position > entry.position) returned.unshift(entry);
    else returned.splice(firstAfter(returned, entry.position), 0, entry);
  }

  putAfterReturned(entry: Entry): void {
    this.returned.push(entry);
  }

  *[Symbol.iterator](): Iterator<Entry> {
    for (let index = 0; index < this.returned.length; index += 1) {
      const entry = this.returned.peekAt(index);
      if (entry !== undefined) yield entry;
    }
    for (let index = 0; index < this.fresh.length; index += 1) {
      const entry = this.fresh.peekAt(index);
      if (entry !== undefined) yield entry;
    }
  }
}

/** The index of the first entry behind a position, by halving. */
function firstAfter(entries: Denque<Entry>, position: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries.peekAt(middle)?.position ?? 0) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The messages of a queue that wait to be delivered: in their order, higher priorities first. */
export class ReadyList {
  private lanes: Lane[];
  private readonly maxPriority: number;
  length = 0;
  /** The bodies of what waits. */
  bytes = 0;

  constructor(maxPriority: number) {
    this.maxPriority = maxPriority;
    this.lanes = Array.from({ length: maxPriority + 1 }, () => new Lane());
  }

  push(entry: Entry): void {
    this.laneOf(entry).push(entry);
    this.count(entry);
  }

  /** In its old place. */
  putBack(entry: Entry): void {
    this.laneOf(entry).putBack(entry);
    this.count(entry);
  }

  /** Behind what came back earlier, before what nobody has seen. */
  putAfterReturned(entry: Entry): void {
    this.laneOf(entry).putAfterReturned(entry);
    this.count(entry);
  }

  peek(): Entry | undefined {
    return this.firstLane()?.peek();
  }

  /** Also what a full queue drops first, even when something of a lower priority waits: so does RabbitMQ. */
  shift(): Entry | undefined {
    const entry = this.firstLane()?.shift();
    if (entry !== undefined) {
      this.length -= 1;
      this.bytes -= entry.message.body.length;
    }
    return entry;
  }

  /** Empties the list; gives what was in it. */
  clear(): Entry[] {
    const entries = this.lanes.flatMap((lane) => [...lane]);
    this.lanes = this.lanes.map(() => new Lane());
    this.length = 0;
    this.bytes = 0;
    return entries;
  }

  private count(entry: Entry): void {
    this.length += 1;
    this.bytes += entry.message.body.length;
  }

  private firstLane(): Lane | undefined {
    return this.lanes.length === 1 ? this.lanes[0] : this.lanes.find((lane) => lane.length > 0);
  }

  private laneOf(entry: Entry): Lane {
    const index = this.maxPriority - Math.min(entry.message.priority, this.maxPriority);
    const lane = this.lanes[index];
    if (lane === undefined) throw new RangeError(`no lane for priority ${entry.message.priority}`);
    return lane;
  }
}
