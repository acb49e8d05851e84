// Generated from the contracts in event-schemas/ by `qbtc events types`: change them, and run it again.

/** Tells everybody who listens that a signal was taken up by the trading service, and what became of it. */
export interface HftTradingSignal {
  /** The signal of the core. */
  signal_id: string;
  /** The trading pair as Binance writes it: BTCUSDT. */
  symbol: string;
  /** What the signal said. */
  action: 'buy' | 'sell' | 'hold';
  /** What became of it: an order, a refusal by the risk checks, or nothing because it was late or said hold. */
  outcome: 'ordered' | 'refused' | 'ignored';
  /** Why, for people. */
  reason: string;
  /** The id of the order, where there is one. */
  client_order_id?: string;
  /** Whether money was at stake. */
  mode: 'paper' | 'testnet' | 'live';
}

/** The data of every event, by its name. */
export interface EventData {
  hft_trading_signal: HftTradingSignal;
}

export type EventName = keyof EventData;

/** Where events go, and from which queue those who share them take them; an answer goes to whoever has asked. */
export const DESTINATIONS = {
  hft_trading_signal: {
    exchange: 'qbtc.topic',
    routingKey: 'hft.trading.signal',
    queue: 'q_hft_trading_signals',
  },
} as const;

/** The schema of each event, with its major version. */
export const SCHEMAS = {
  hft_trading_signal: 'urn:qbtc:event:hft_trading_signal:1',
} as const;
