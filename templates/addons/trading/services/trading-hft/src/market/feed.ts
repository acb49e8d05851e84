import type { Log } from '@stack/runtime/logging';
import type { Candle } from '@stack/trading/candle';
import type { Exchange } from '../exchange/exchange.ts';
import type { TradingEvents } from '../trading-events.ts';
import { SymbolMarket } from './symbol-market.ts';

export interface FeedOptions {
  exchange: Exchange;
  symbols: readonly string[];
  log: Log;
  events: Pick<TradingEvents, 'candle' | 'marketDataBack'>;
}

export interface Feed {
  readonly markets: ReadonlyMap<string, SymbolMarket>;
  readonly connected: boolean;
  /** Milliseconds since the symbol was last heard of. */
  ageMs(symbol: string): number;
  close(): void;
}

const SNAPSHOT_AGAIN_MS = 500;

/** The market as the exchange tells it: books that are right or known not to be, candles without a hole, and how old it all is. */
export function openFeed({ exchange, symbols, log, events }: FeedOptions): Feed {
  const markets = new Map(symbols.map((symbol) => [symbol, new SymbolMarket(symbol)]));
  const lastCandle = new Map<string, number>();
  const early = new Map<string, Candle[]>();
  let connected = false;
  let lost = false;
  let closed = false;
  const timers = new Set<NodeJS.Timeout>();

  const heard = (symbol: string): SymbolMarket | undefined => {
    const market = markets.get(symbol);
    if (market !== undefined) market.heardAt = performance.now();
    return market;
  };

  const later = (work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!closed) work();
    }, SNAPSHOT_AGAIN_MS);
    timers.add(timer);
  };

  /** Fetches snapshots until one fits the diffs that wait. */
  const sync = (market: SymbolMarket) => {
    if (market.asking || closed) return;
    market.asking = true;
    market.resyncs += 1;
    exchange
      .depth(market.symbol)
      .then((snapshot) => market.depth.snapshot(snapshot))
      .catch((error: unknown) => {
        log.warn('could not get the book', { symbol: market.symbol, error });
        return false;
      })
      .then((fits) => {
        market.asking = false;
        if (!fits || !market.depth.synced) later(() => sync(market));
      });
  };

  const deliver = (symbol: string, candle: Candle, heardAt: number) => {
    // One that is no number would spoil the indicators for good.
    if (!Object.values(candle).every(Number.isFinite)) return;
    if (candle.openTime <= (lastCandle.get(symbol) ?? -1)) return;
    lastCandle.set(symbol, candle.openTime);
    events.candle(symbol, candle, heardAt);
  };

  /** Candles since the last one that counted; live ones wait meanwhile. */
  const fill = (symbol: string) => {
    early.set(symbol, []);
    const from = lastCandle.get(symbol);
    exchange
      .candles(symbol, from === undefined ? undefined : from + 1)
      .then((candles) => {
        const waiting = early.get(symbol) ?? [];
        early.delete(symbol);
        for (const candle of [...candles, ...waiting]) deliver(symbol, candle, performance.now());
      })
      .catch((error: unknown) => {
        log.warn('could not get the candles', { symbol, error });
        later(() => fill(symbol));
      });
  };

  exchange.watchMarket({
    onConnected() {
      if (lost) events.marketDataBack();
      lost = false;
      connected = true;
      log.info('market data flow', { symbols: symbols.length });
      for (const market of markets.values()) {
        market.depth.reset();
        sync(market);
        fill(market.symbol);
      }
    },
    onLost(reason) {
      if (connected) log.warn('market data stopped', { reason });
      connected = false;
      lost = true;
      for (const market of markets.values()) market.depth.reset();
    },
    onTrade(symbol, { price }) {
      const market = heard(symbol);
      if (market !== undefined && Number.isFinite(price)) market.last = price;
    },
    onBest(symbol) {
      heard(symbol);
    },
    onDepth(symbol, diff) {
      const market = heard(symbol);
      if (market === undefined) return;
      const applied = market.depth.diff(diff);
      if (applied === 'gap') {
        log.warn('the book has a gap, getting it anew', { symbol, first: diff.first });
        sync(market);
      } else if (applied === 'applied' && market.depth.book.crossed) {
        log.warn('the book is crossed, getting it anew', { symbol });
        market.depth.reset();
        sync(market);
      }
    },
    onCandle(symbol, candle, isOver) {
      const heardAt = performance.now();
      if (heard(symbol) === undefined || !isOver) return;
      const waiting = early.get(symbol);
      if (waiting === undefined) deliver(symbol, candle, heardAt);
      else waiting.push(candle);
    },
  });

  return {
    markets,
    get connected() {
      return connected;
    },
    ageMs: (symbol) => performance.now() - (markets.get(symbol)?.heardAt ?? Number.NEGATIVE_INFINITY),
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
