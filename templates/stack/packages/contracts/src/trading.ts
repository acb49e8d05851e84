import type { AnswerPart } from '@stack/runtime/bus';
import { compileEventTypes } from '@stack/runtime/events';
import newsSchema from '../../../event-schemas/hft_trading_signal.json' with { type: 'json' };
import requestSchema from '../../../event-schemas/trading_analysis_request.json' with { type: 'json' };
import signalSchema from '../../../event-schemas/trading_signal.json' with { type: 'json' };
import type { HftTradingSignal, TradingSignal as SignalFields, TradingAnalysisRequest } from './events.ts';

export type { HftTradingSignal, TradingAnalysisRequest };

/** What a signal says, without the part of the answer that it comes in. */
export type Signal = Required<
  Pick<
    SignalFields,
    'signal_id' | 'symbol' | 'action' | 'confidence' | 'reason' | 'valid_until' | 'engine' | 'state'
  >
>;

/** The answer to a request: `event-schemas/trading_signal.json`. */
export type TradingSignal =
  | (AnswerPart & { kind: 'complete' } & Signal)
  | (AnswerPart & { kind: 'error'; error: { code: string; message: string } });

const eventType = compileEventTypes({
  trading_analysis_request: requestSchema,
  trading_signal: signalSchema,
  hft_trading_signal: newsSchema,
});

export const tradingAnalysisRequest = eventType<TradingAnalysisRequest>('trading_analysis_request');
export const tradingSignal = eventType<TradingSignal>('trading_signal');
export const hftTradingSignal = eventType<HftTradingSignal>('hft_trading_signal');

/** Where the events go. */
export const TRADING_REQUESTS = {
  exchange: 'qbtc.topic',
  routingKey: 'trading.analysis.request',
  queue: 'q_trading_requests',
};

/** Where the news of what became of signals go. */
export const HFT_TRADING_SIGNALS = {
  exchange: 'qbtc.topic',
  routingKey: 'hft.trading.signal',
  queue: 'q_hft_trading_signals',
};
