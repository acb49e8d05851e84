import type { Bus } from '@stack/runtime/bus';
import type { Log } from '@stack/runtime/logging';
import { traceparentOf } from '@stack/runtime/tracing';
import type { Mode } from './configuration.ts';
import { DESTINATIONS } from './contracts/events.ts';
import { hftTradingSignal } from './contracts/hft-trading-signal.ts';
import type { Considered, Decision } from './decision.ts';

/** Tells everybody who listens what became of a signal; nobody waits for it. */
export function tellDecisions({
  bus,
  service,
  mode,
  log,
}: {
  bus: Bus;
  service: string;
  mode: Mode;
  log: Log;
}) {
  return (decision: Decision, { symbol, side, correlationId, span }: Considered): void => {
    if (decision.signal_id === null || decision.outcome === 'no_signal') return;
    const event = hftTradingSignal.create(
      {
        signal_id: decision.signal_id,
        symbol,
        action: decision.action ?? side,
        outcome: decision.outcome,
        reason: decision.reason,
        mode,
        ...(decision.client_order_id === null ? {} : { client_order_id: decision.client_order_id }),
      },
      { source: service, correlationid: correlationId, traceparent: traceparentOf(span) },
    );
    bus
      .publish(hftTradingSignal, event, DESTINATIONS.hft_trading_signal)
      .catch((error: unknown) =>
        log.correlated(correlationId).debug('could not tell what became of a signal', { error }),
      );
  };
}
