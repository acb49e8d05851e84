import { compileEventTypes } from '@stack/runtime/events';
import schema from '../../event-schemas/hft_trading_signal.json' with { type: 'json' };
import type { HftTradingSignal } from './events.ts';

export const hftTradingSignal = compileEventTypes({ hft_trading_signal: schema })<HftTradingSignal>(
  'hft_trading_signal',
);
