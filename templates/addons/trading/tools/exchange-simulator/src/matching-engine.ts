export type Side = 'BUY' | 'SELL';

/** An order that may rest in the book. Prices in ticks, quantities in lots. */
export interface EngineOrder {
  id: number;
  side: Side;
  /** The worst price that is taken; `undefined` for a market order. */
  price: number | undefined;
  quantity: number;
  executed: number;
  /** Whose it is: the market's own makers and takers, or an account. */
  owner: string;
}

export interface Match {
  price: number;
  quantity: number;
  maker: EngineOrder;
  taker: EngineOrder;
}

interface PriceLevel {
  price: number;
  orders: EngineOrder[];
}

/** A change of a level: what stands there now. */
export interface LevelChange {
  side: Side;
  price: number;
  quantity: number;
}

/** The book of one symbol, matched by price, then time. */
export class MatchingEngine {
  /** Each with the best level at its end. */
  readonly #bids: PriceLevel[] = [];
  readonly #asks: PriceLevel[] = [];
  readonly #resting = new Map<number, EngineOrder>();
  readonly #onChange: (change: LevelChange) => void;

  constructor(onChange: (change: LevelChange) => void) {
    this.#onChange = onChange;
  }

  /** Matches what can be matched now, best price first, and among equal prices the oldest first. */
  take(order: EngineOrder): Match[] {
    const levels = order.side === 'BUY' ? this.#asks : this.#bids;
    const matches: Match[] = [];
    for (let level = levels.at(-1); level !== undefined && open(order) > 0; level = levels.at(-1)) {
      if (!crosses(order, level.price)) break;
      while (open(order) > 0) {
        const [maker] = level.orders;
        if (maker === undefined) break;
        const quantity = Math.min(open(order), open(maker));
        maker.executed += quantity;
        order.executed += quantity;
        matches.push({ price: level.price, quantity, maker, taker: order });
        if (open(maker) > 0) break;
        level.orders.shift();
        this.#resting.delete(maker.id);
      }
      if (level.orders.length === 0) levels.pop();
      this.#tell(order.side === 'BUY' ? 'SELL' : 'BUY', level);
    }
    return matches;
  }

  /** What of the order could be matched at once, without matching it. */
  available({ side, price }: Pick<EngineOrder, 'side' | 'price'>): number {
    const levels = side === 'BUY' ? this.#asks : this.#bids;
    let sum = 0;
    for (const level of levels) if (crosses({ side, price }, level.price)) sum += total(level);
    return sum;
  }

  /** Lets what is open of a limit order wait in the book. */
  rest(order: EngineOrder): void {
    if (order.price === undefined) throw new TypeError('a market order cannot rest');
    const levels = order.side === 'BUY' ? this.#bids : this.#asks;
    const place = placeOf(levels, order.side, order.price);
    let level = levels[place];
    if (level?.price !== order.price) {
      level = { price: order.price, orders: [] };
      levels.splice(place, 0, level);
    }
    level.orders.push(order);
    this.#resting.set(order.id, order);
    this.#tell(order.side, level);
  }

  /** Takes a resting order out of the book. @returns false when it does not rest there */
  remove(id: number): boolean {
    const order = this.#resting.get(id);
    if (order?.price === undefined) return false;
    const levels = order.side === 'BUY' ? this.#bids : this.#asks;
    const place = placeOf(levels, order.side, order.price);
    const level = levels[place];
    if (level === undefined) return false;
    level.orders.splice(level.orders.indexOf(order), 1);
    if (level.orders.length === 0) levels.splice(place, 1);
    this.#resting.delete(id);
    this.#tell(order.side, level);
    return true;
  }

  best(side: Side): { price: number; quantity: number } | undefined {
    const level = (side === 'BUY' ? this.#bids : this.#asks).at(-1);
    return level && { price: level.price, quantity: total(level) };
  }

  /** The best first. */
  levels(side: Side, most: number): { price: number; quantity: number }[] {
    return (side === 'BUY' ? this.#bids : this.#asks)
      .slice(-most)
      .reverse()
      .map((level) => ({ price: level.price, quantity: total(level) }));
  }

  #tell(side: Side, level: PriceLevel): void {
    this.#onChange({ side, price: level.price, quantity: total(level) });
  }
}

export function open({ quantity, executed }: Pick<EngineOrder, 'quantity' | 'executed'>): number {
  return quantity - executed;
}

function crosses({ side, price }: Pick<EngineOrder, 'side' | 'price'>, level: number): boolean {
  if (price === undefined) return true;
  return side === 'BUY' ? level <= price : level >= price;
}

function total({ orders }: PriceLevel): number {
  return orders.reduce((sum, order) => sum + open(order), 0);
}

/** Bids rise towards the end, asks fall. */
function placeOf(levels: readonly PriceLevel[], side: Side, price: number): number {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = (levels[middle] as PriceLevel).price;
    if (side === 'BUY' ? at < price : at > price) low = middle + 1;
    else high = middle;
  }
  return low;
}
