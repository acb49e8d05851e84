const GRAIN_MS = 1000;

/** Items by the second in which they expire: what expires next is found without a look at the others. */
export class Expiries<Item> {
  readonly #seconds = new Map<number, Set<Item>>();
  /** The first second; `undefined` where there is none, or it is to be looked for. */
  #first: number | undefined;

  get isEmpty(): boolean {
    return this.#seconds.size === 0;
  }

  /** One of those that expire first, to the second. */
  get soonest(): Item | undefined {
    const first = this.#firstSecond();
    return first === undefined ? undefined : this.#seconds.get(first)?.values().next().value;
  }

  add(item: Item, expiresAt: number): void {
    const second = secondOf(expiresAt);
    const items = this.#seconds.get(second);
    if (items !== undefined) {
      items.add(item);
      return;
    }
    if (this.isEmpty || (this.#first !== undefined && second < this.#first)) this.#first = second;
    this.#seconds.set(second, new Set([item]));
  }

  remove(item: Item, expiresAt: number): void {
    const second = secondOf(expiresAt);
    const items = this.#seconds.get(second);
    if (!items?.delete(item) || items.size > 0) return;
    this.#seconds.delete(second);
    if (second === this.#first) this.#first = undefined;
  }

  /** At most so many of those whose second is over, of one second. */
  over(now: number, most: number): Item[] {
    const first = this.#firstSecond();
    if (first === undefined || first >= secondOf(now)) return [];
    return [...(this.#seconds.get(first) ?? [])].slice(0, most);
  }

  /** Seconds are few beside items, and each is looked for once. */
  #firstSecond(): number | undefined {
    if (this.#first === undefined)
      for (const second of this.#seconds.keys())
        if (this.#first === undefined || second < this.#first) this.#first = second;
    return this.#first;
  }
}

function secondOf(time: number): number {
  return Math.floor(time / GRAIN_MS);
}
