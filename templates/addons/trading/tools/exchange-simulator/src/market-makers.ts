import type { Exchange, Market } from './exchange.ts';
import { type EngineOrder, open, type Side } from './matching-engine.ts';

/** Levels that the makers keep on each side. */
const LEVELS = 20;
/** Half the distance between the best prices, and between levels, as a share of the price. */
const HALF_SPREAD = 0.00005;
const LEVEL_GAP = 0.00005;
/** How likely somebody takes in a step. */
const TAKES = 0.6;

/**
 * The other people of the market: makers who keep a ladder of orders around a price that wanders, and takers who come now
 * and then. A step is deterministic: it depends on the seed and on the steps and orders before it.
 */
export class MarketMakers {
  readonly #exchange: Exchange;
  readonly #ladders = new Map<string, EngineOrder[]>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    for (const market of exchange.markets.values()) this.#quote(market);
  }

  /**
   * @param seconds how much time passes in the step
   * @param speed how many times as much happens in it as in a real market
   */
  step(seconds: number, speed = 1): void {
    for (const market of this.#exchange.markets.values()) {
      for (let time = 0; time < speed; time += 1) this.#move(market, seconds);
      market.pull.pass(seconds);
    }
  }

  #move(market: Market, seconds: number): void {
    const { random, volatility, pull } = market;
    market.fair = Math.max(
      LEVELS * 10,
      market.fair * Math.exp(pull.share * seconds + volatility * Math.sqrt(seconds) * random.normal()),
    );
    this.#quote(market);
    if (random.uniform() < TAKES) this.#take(market);
  }

  /** Takes back the orders that lie wrong, and fills the ladder up again. */
  #quote(market: Market): void {
    const { symbol } = market.instrument;
    const wanted = new Map<string, { side: Side; price: number }>();
    for (let level = 0; level < LEVELS; level += 1) {
      const away = HALF_SPREAD + level * LEVEL_GAP;
      const bid = Math.floor(market.fair * (1 - away));
      const ask = Math.ceil(market.fair * (1 + away));
      wanted.set(`BUY${bid}`, { side: 'BUY', price: bid });
      wanted.set(`SELL${ask}`, { side: 'SELL', price: ask });
    }
    const kept: EngineOrder[] = [];
    for (const order of this.#ladders.get(symbol) ?? []) {
      if (open(order) === 0) continue;
      const key = `${order.side}${order.price}`;
      if (wanted.delete(key)) kept.push(order);
      else market.engine.remove(order.id);
    }
    for (const { side, price } of wanted.values()) kept.push(...this.#place(market, side, price));
    this.#ladders.set(symbol, kept);
  }

  #place(market: Market, side: Side, price: number): EngineOrder[] {
    const quantity = 1 + Math.floor(market.random.uniform() * this.#size(market));
    const order = { id: this.#exchange.nextOrderId(), side, price, quantity, executed: 0, owner: 'maker' };
    // An order of the account may stand in the way.
    this.#exchange.settle(market, market.engine.take(order));
    if (open(order) === 0) return [];
    market.engine.rest(order);
    return [order];
  }

  #take(market: Market): void {
    const { random, engine } = market;
    const side: Side = random.uniform() < 0.5 ? 'BUY' : 'SELL';
    const quantity = 1 + Math.floor(random.uniform() * this.#size(market) * 0.5);
    const order = {
      id: this.#exchange.nextOrderId(),
      side,
      price: undefined,
      quantity,
      executed: 0,
      owner: 'taker',
    };
    this.#exchange.settle(market, engine.take(order));
  }

  /** Lots that are worth some thousand of the quote asset. */
  #size({ instrument, fair }: Market): number {
    const worthOfLot = (Number(instrument.unit) * fair) / 1e8;
    return Math.max(10, Math.round(5_000 / worthOfLot));
  }
}
