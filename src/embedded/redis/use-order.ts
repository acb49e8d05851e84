/** Where an item stands in the order of use. */
export interface Place<Item> {
  readonly item: Item;
  older: Place<Item> | undefined;
  newer: Place<Item> | undefined;
}

/** Items by when they were used last: each change costs the same, however many there are. */
export class UseOrder<Item> {
  #oldest: Place<Item> | undefined;
  #newest: Place<Item> | undefined;

  get oldest(): Item | undefined {
    return this.#oldest?.item;
  }

  /** As what was used last. */
  add(item: Item): Place<Item> {
    const place: Place<Item> = { item, older: undefined, newer: undefined };
    this.#append(place);
    return place;
  }

  touch(place: Place<Item>): void {
    if (place === this.#newest) return;
    this.remove(place);
    this.#append(place);
  }

  remove(place: Place<Item>): void {
    const { older, newer } = place;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    place.older = undefined;
    place.newer = undefined;
  }

  #append(place: Place<Item>): void {
    place.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = place;
    else this.#newest.newer = place;
    this.#newest = place;
  }
}
