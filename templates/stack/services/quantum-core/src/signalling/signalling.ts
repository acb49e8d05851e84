import { createHash, randomUUID } from 'node:crypto';
import { analyse, LOOKS, marketVector, type Proposal } from '@stack/analysis/trading';
import type { Signal, TradingAnalysisRequest, TradingSignal } from '@stack/contracts/trading';
import type { Delivery } from '@stack/runtime/bus';
import type { Signals } from './signals.ts';

export interface SignallingOptions {
  publish(delivery: Delivery<TradingAnalysisRequest>, part: TradingSignal): Promise<void>;
  signals: Signals;
  /** How long after the look at the market its signal means something, in milliseconds. */
  validMs: number;
  now?(): number;
  onSignal?(signal: Signal): void;
}

/** What analyses: the package of that name, no model. */
export const ANALYSIS = 'qbtc-analysis';

/**
 * Answers trading_analysis_request with one signal, once: an event that comes again gets the same one. The row is
 * written before the signal is published.
 */
export function createSignalling(options: SignallingOptions) {
  const { signals, validMs, now = Date.now } = options;

  const handle = async (delivery: Delivery<TradingAnalysisRequest>): Promise<void> => {
    const { event, span } = delivery;
    const part = { index: 0, answer: randomUUID() };
    const validUntil = Date.parse(event.data.observed_at) + validMs;
    const known = delivery.again ? await signals.find(event.id, span) : undefined;
    if (known === undefined && validUntil <= now()) {
      const message = `the market was seen at ${event.data.observed_at}; a signal is worth something for ${validMs} ms`;
      await options.publish(delivery, { ...part, kind: 'error', error: { code: 'stale', message } });
      delivery.log.warn('gave no signal: the look at the market is too old', { event: event.id });
      return;
    }
    const signal = known ?? (await signalFor(delivery, validUntil));
    await options.publish(delivery, { ...part, kind: 'complete', ...signal });
    delivery.log.info('gave a signal', {
      event: event.id,
      signal: signal.signal_id,
      symbol: signal.symbol,
      action: signal.action,
      confidence: signal.confidence,
    });
  };

  const signalFor = async (
    { event, span }: Delivery<TradingAnalysisRequest>,
    validUntil: number,
  ): Promise<Signal> => {
    const request = event.data;
    const proposal: Proposal = {
      side: request.side,
      price: Number(request.price),
      indicators: request.indicators ?? {},
    };
    const analysis = analyse(proposal, await signals.looks(request, LOOKS - 1, span));
    const signal: Signal = {
      signal_id: signalId(event.id),
      symbol: request.symbol,
      action: analysis.action,
      confidence: analysis.confidence,
      reason: analysis.reason,
      valid_until: new Date(validUntil).toISOString(),
      engine: ANALYSIS,
      state: analysis.state,
    };
    const vector = marketVector(analysis.readings);
    const row = { eventId: event.id, correlationId: event.correlationid, request, signal, vector };
    const added = await signals.add(row, span);
    // Another core was faster with the same event; its signal counts.
    const counted = added ? signal : ((await signals.find(event.id, span)) ?? signal);
    options.onSignal?.(counted);
    return counted;
  };

  /** Tells who waits that there will be no signal: without one nobody trades. */
  const gaveUp = async (delivery: Delivery<TradingAnalysisRequest>): Promise<'dead-letter'> => {
    const error = { code: 'unavailable', message: 'the core cannot analyse at the moment' };
    await options.publish(delivery, { index: 0, answer: randomUUID(), kind: 'error', error });
    return 'dead-letter';
  };

  return { handle, gaveUp };
}

/** Follows from the event, so that an order that follows from the signal can never be two. */
export function signalId(eventId: string): string {
  return `sig-${createHash('sha256').update(eventId).digest('hex').slice(0, 32)}`;
}
