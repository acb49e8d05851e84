import type { AnswerPart } from '@stack/runtime/bus';
import { compileEventTypes } from '@stack/runtime/events';
import requestSchema from '../../../event-schemas/trading_analysis_request.json' with { type: 'json' };
import signalSchema from '../../../event-schemas/trading_signal.json' with { type: 'json' };
import type { TradingSignal as SignalFields, TradingAnalysisRequest } from './events.ts';

export type { TradingAnalysisRequest };

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
});

export const tradingAnalysisRequest = eventType<TradingAnalysisRequest>('trading_analysis_request');
export const tradingSignal = eventType<TradingSignal>('trading_signal');
