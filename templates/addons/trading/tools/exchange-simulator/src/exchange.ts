import { Account } from './account.ts';
import { errors } from './errors.ts';
import { type Instrument, instrumentNamed } from './instrument.ts';
import { Klines } from './klines.ts';
import {
  type EngineOrder,
  type LevelChange,
  type Match,
  MatchingEngine,
  open,
  type Side,
} from './matching-engine.ts';
import { Pull } from './pull.ts';
import { createRandom, type Random } from './random.ts';

export type OrderType = 'LIMIT' | 'MARKET' | 'LIMIT_MAKER';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';
export type Status = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED';

/** An order of the account. */
export interface Order extends EngineOrder {
  symbol: string;
  clientOrderId: string;
  type: OrderType;
  timeInForce: TimeInForce;
  status: Status;
  /** What of `executed` is booked: the engine has matched all of a taker before its first fill is booked. */
  filled: number;
  /** In hundred-millionths of the quote asset. */
  executedQuote: bigint;
  /** What is still locked for it. */
  locked: bigint;
  time: number;
  updateTime: number;
}

/** A fill of the account. */
export interface Fill {
  tradeId: number;
  symbol: string;
  orderId: number;
  clientOrderId: string;
  side: Side;
  price: number;
  quantity: number;
  /** In hundred-millionths of the quote asset. */
  amount: bigint;
  commission: bigint;
  commissionAsset: string;
  isMaker: boolean;
  time: number;
}

export interface NewOrder {
  symbol: string;
  side: Side;
  type: OrderType;
  timeInForce: TimeInForce;
  price: number | undefined;
  quantity: number;
  clientOrderId: string;
}

/** What the streams tell. */
export interface ExchangeListener {
  onTrade?(
    symbol: string,
    trade: { id: number; price: number; quantity: number; time: number; buyerIsMaker: boolean },
  ): void;
  onBest?(symbol: string, updateId: number): void;
  onOrder?(order: Order, execution: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED', fill?: Fill): void;
}

export interface Market {
  readonly instrument: Instrument;
  readonly engine: MatchingEngine;
  readonly klines: Klines;
  readonly random: Random;
  /** The id of the last change of the book. */
  updateId: number;
  /** Changes since the last depth event, by side and price; and the id of the first of them. */
  changed: Map<string, LevelChange>;
  firstChange: number;
  lastTradeId: number;
  /** Where the makers see the price, in ticks. */
  fair: number;
  /** The deviation of the price in a second, as a share. */
  volatility: number;
  /** Where it goes besides. */
  readonly pull: Pull;
}

/** 0.1 % of what is received, as Binance takes it: one part in a thousand. */
const COMMISSION_DIVISOR = 1_000n;
const MOST_ORDERS_KEPT = 50_000;
const VOLATILITY = 0.0002;

/** The simulated exchange: books, matching, one account. It knows no protocol. */
export class Exchange {
  readonly markets = new Map<string, Market>();
  readonly account: Account;
  readonly orders = new Map<number, Order>();
  readonly fills: Fill[] = [];
  readonly listeners = new Set<ExchangeListener>();
  readonly now: () => number;
  /** By symbol and client order id. */
  readonly #open = new Map<string, Order>();
  #lastOrderId = 0;

  constructor(options: {
    symbols: readonly string[];
    seed: number;
    now(): number;
    balances: Readonly<Record<string, bigint>>;
  }) {
    this.now = options.now;
    this.account = new Account(options.balances);
    for (const [index, symbol] of options.symbols.entries()) {
      const instrument = instrumentNamed(symbol);
      const random = createRandom(options.seed + index);
      const klines = new Klines(instrument);
      const fair = klines.invent(random, this.now(), VOLATILITY);
      const market: Market = {
        instrument,
        klines,
        random,
        engine: new MatchingEngine((change) => this.#changed(market, change)),
        updateId: 1,
        changed: new Map(),
        firstChange: 2,
        lastTradeId: 0,
        fair,
        volatility: VOLATILITY,
        pull: new Pull(),
      };
      this.markets.set(symbol, market);
    }
  }

  /** @throws ExchangeError −1121 */
  market(symbol: string): Market {
    const market = this.markets.get(symbol);
    if (market === undefined) throw errors.symbol();
    return market;
  }

  /** The next id of an order, also of the market's own. */
  nextOrderId(): number {
    this.#lastOrderId += 1;
    return this.#lastOrderId;
  }

  /** Places an order of the account. @returns the order and its fills so far. @throws ExchangeError */
  place(wanted: NewOrder): { order: Order; fills: Fill[] } {
    const market = this.market(wanted.symbol);
    const { engine, instrument } = market;
    if (this.#open.has(keyOf(wanted))) throw errors.duplicate();
    if (wanted.type === 'LIMIT_MAKER' && engine.available(wanted) > 0)
      throw errors.rejected('Order would immediately match and take.');
    const now = this.now();
    const { clientOrderId, ...terms } = wanted;
    const order: Order = {
      ...terms,
      id: this.nextOrderId(),
      clientOrderId,
      executed: 0,
      owner: 'account',
      status: 'NEW',
      filled: 0,
      executedQuote: 0n,
      locked: 0n,
      time: now,
      updateTime: now,
    };
    order.locked = this.#lock(order, market);
    this.orders.set(order.id, order);
    this.#open.set(keyOf(order), order);
    if (this.orders.size > MOST_ORDERS_KEPT) this.#forgetOrder();
    this.#tellOrder(order, 'NEW');
    const fillable = wanted.timeInForce !== 'FOK' || engine.available(order) >= order.quantity;
    const before = this.fills.length;
    if (fillable) this.settle(market, engine.take(order));
    if (open(order) > 0) {
      const waits = order.type !== 'MARKET' && order.timeInForce === 'GTC';
      if (waits) engine.rest(order);
      else this.#finish(order, instrument, 'EXPIRED');
    }
    return { order, fills: this.fills.slice(before).filter(({ orderId }) => orderId === order.id) };
  }

  /** @throws ExchangeError −2011 when it is not open */
  cancel(order: Order): Order {
    const { engine, instrument } = this.market(order.symbol);
    if (!isOpen(order) || !engine.remove(order.id)) throw errors.unknownOrder();
    this.#finish(order, instrument, 'CANCELED');
    return order;
  }

  /** The newest with this id counts: Binance lets an id be used again once its order is done. */
  find(symbol: string, by: { orderId?: number; clientOrderId?: string }): Order | undefined {
    return [...this.orders.values()].findLast(
      (order) =>
        order.symbol === symbol &&
        (by.orderId === undefined ? order.clientOrderId === by.clientOrderId : order.id === by.orderId),
    );
  }

  openOrders(symbol?: string): Order[] {
    return [...this.#open.values()].filter((order) => symbol === undefined || order.symbol === symbol);
  }

  /** Books what the engine has matched: trades of the market's own, and fills of the account. */
  settle(market: Market, matches: readonly Match[]): void {
    const time = this.now();
    for (const { price, quantity, maker, taker } of matches) {
      market.lastTradeId += 1;
      const id = market.lastTradeId;
      market.klines.add(time, price, quantity, taker.side === 'BUY');
      for (const order of [maker, taker]) {
        const own = this.orders.get(order.id);
        if (own !== undefined)
          this.#fill(own, market, { id, price, quantity, time, isMaker: order === maker });
      }
      const trade = { id, price, quantity, time, buyerIsMaker: maker.side === 'BUY' };
      for (const listener of this.listeners) listener.onTrade?.(market.instrument.symbol, trade);
    }
    if (matches.length > 0) this.#tellBest(market);
  }

  #fill(
    order: Order,
    { instrument }: Market,
    trade: { id: number; price: number; quantity: number; time: number; isMaker: boolean },
  ): void {
    const { base, quote, unit, quantityDigits } = instrument;
    const amount = BigInt(trade.price) * BigInt(trade.quantity) * unit;
    const lots = BigInt(trade.quantity) * 10n ** BigInt(8 - quantityDigits);
    const [paid, received] = order.side === 'BUY' ? [amount, lots] : [lots, amount];
    const [payAsset, getAsset] = order.side === 'BUY' ? [quote, base] : [base, quote];
    const commission = received / COMMISSION_DIVISOR;
    order.locked -= paid;
    this.account.spend(payAsset, paid);
    this.account.receive(getAsset, received - commission);
    order.executedQuote += amount;
    order.updateTime = trade.time;
    order.filled += trade.quantity;
    order.status = order.filled === order.quantity ? 'FILLED' : 'PARTIALLY_FILLED';
    const fill: Fill = {
      tradeId: trade.id,
      symbol: order.symbol,
      orderId: order.id,
      clientOrderId: order.clientOrderId,
      side: order.side,
      price: trade.price,
      quantity: trade.quantity,
      amount,
      commission,
      commissionAsset: getAsset,
      isMaker: trade.isMaker,
      time: trade.time,
    };
    this.fills.push(fill);
    if (order.status === 'FILLED') this.#release(order, instrument);
    this.#tellOrder(order, 'TRADE', fill);
  }

  #finish(order: Order, instrument: Instrument, status: 'CANCELED' | 'EXPIRED'): void {
    order.status = status;
    order.updateTime = this.now();
    this.#release(order, instrument);
    this.#tellOrder(order, status);
  }

  /** What was locked and is not needed: a better price, or a rest that nobody took. */
  #release(order: Order, { base, quote }: Instrument): void {
    if (order.locked > 0n) this.account.unlock(order.side === 'BUY' ? quote : base, order.locked);
    order.locked = 0n;
    this.#open.delete(keyOf(order));
  }

  #lock(order: Order, { engine, instrument }: Market): bigint {
    const { base, quote, unit, quantityDigits } = instrument;
    if (order.side === 'SELL') {
      const lots = BigInt(order.quantity) * 10n ** BigInt(8 - quantityDigits);
      this.account.lock(base, lots);
      return lots;
    }
    const amount =
      order.price === undefined
        ? this.#costOf(engine, order.quantity) * unit
        : BigInt(order.price) * BigInt(order.quantity) * unit;
    this.account.lock(quote, amount);
    return amount;
  }

  #costOf(engine: MatchingEngine, quantity: number): bigint {
    let rest = quantity;
    let cost = 0n;
    for (const level of engine.levels('SELL', 10_000)) {
      const taken = Math.min(rest, level.quantity);
      cost += BigInt(level.price) * BigInt(taken);
      rest -= taken;
      if (rest === 0) break;
    }
    return cost;
  }

  #forgetOrder(): void {
    for (const [id, order] of this.orders) {
      if (isOpen(order)) continue;
      this.orders.delete(id);
      return;
    }
  }

  #changed(market: Market, change: LevelChange): void {
    market.updateId += 1;
    if (market.changed.size === 0) market.firstChange = market.updateId;
    market.changed.set(`${change.side}${change.price}`, change);
  }

  #tellBest(market: Market): void {
    for (const listener of this.listeners) listener.onBest?.(market.instrument.symbol, market.updateId);
  }

  #tellOrder(order: Order, execution: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED', fill?: Fill): void {
    for (const listener of this.listeners) listener.onOrder?.(order, execution, fill);
  }
}

function keyOf({ symbol, clientOrderId }: Pick<Order, 'symbol' | 'clientOrderId'>): string {
  return `${symbol} ${clientOrderId}`;
}

export function isOpen({ status }: Pick<Order, 'status'>): boolean {
  return status === 'NEW' || status === 'PARTIALLY_FILLED';
}
