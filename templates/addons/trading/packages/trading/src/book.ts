/** A price and how much stands there, in the base currency. */
export interface Level {
  price: number;
  quantity: number;
}

/** Levels that lie further from the best than this are forgotten: nobody decides by them. */
const MOST_LEVELS = 5_000;
const FORGOTTEN_AT_ONCE = 1_000;
/** More than any price has. */
const DIGITS = 14;

/**
 * One side of a book. Prices lie sorted in an array with the best at its end, where most changes happen: so they move
 * little. Equal decimal texts are equal doubles, so a price is its own key.
 */
class Side {
  /** 1: the highest is the best (bids); −1: the lowest (asks). */
  readonly #direction: 1 | -1;
  #prices: number[] = [];
  #quantities: number[] = [];

  constructor(direction: 1 | -1) {
    this.#direction = direction;
  }

  /** 0 removes the level. */
  set(price: number, quantity: number): void {
    const place = this.#find(price);
    const known = this.#prices[place] === price;
    if (quantity === 0) {
      if (known) {
        this.#prices.splice(place, 1);
        this.#quantities.splice(place, 1);
      }
    } else if (known) this.#quantities[place] = quantity;
    else if (place === this.#prices.length) {
      this.#prices.push(price);
      this.#quantities.push(quantity);
    } else {
      this.#prices.splice(place, 0, price);
      this.#quantities.splice(place, 0, quantity);
    }
    if (this.#prices.length > MOST_LEVELS + FORGOTTEN_AT_ONCE) {
      this.#prices.splice(0, FORGOTTEN_AT_ONCE);
      this.#quantities.splice(0, FORGOTTEN_AT_ONCE);
    }
  }

  get size(): number {
    return this.#prices.length;
  }

  best(): Level | undefined {
    return this.#at(this.#prices.length - 1);
  }

  /** The best first. */
  *levels(most: number): Generator<Level> {
    for (let place = this.#prices.length - 1; place >= 0 && place >= this.#prices.length - most; place -= 1) {
      const level = this.#at(place);
      if (level !== undefined) yield level;
    }
  }

  clear(): void {
    this.#prices = [];
    this.#quantities = [];
  }

  #at(place: number): Level | undefined {
    const price = this.#prices[place];
    return price === undefined ? undefined : { price, quantity: this.#quantities[place] ?? 0 };
  }

  /** Where the price stands or would stand. */
  #find(price: number): number {
    const prices = this.#prices;
    let low = 0;
    let high = prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (((prices[middle] as number) - price) * this.#direction < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** An order book of one symbol. */
export class Book {
  readonly bids = new Side(1);
  readonly asks = new Side(-1);

  clear(): void {
    this.bids.clear();
    this.asks.clear();
  }

  /** Half way between the best prices; `undefined` while a side is empty. */
  middle(): number | undefined {
    const [bid, ask] = [this.bids.best(), this.asks.best()];
    if (bid === undefined || ask === undefined) return undefined;
    // Half a tick is no digit that a sum of doubles keeps: 2926.2799999999997.
    return Number(((bid.price + ask.price) / 2).toPrecision(DIGITS));
  }

  /** Whether a bid is as high as an ask: no book of an exchange is. */
  get crossed(): boolean {
    const [bid, ask] = [this.bids.best(), this.asks.best()];
    return bid !== undefined && ask !== undefined && bid.price >= ask.price;
  }
}
