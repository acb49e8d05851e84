import { DESTINATIONS } from '@stack/contracts/events';
import {
  type Signal,
  type TradingAnalysisRequest,
  tradingAnalysisRequest,
  tradingSignal,
} from '@stack/contracts/trading';
import { type Bus, BusUnavailable, DeadlineExceeded, Unroutable } from '@stack/runtime/bus';
import { type Span, traceparentOf } from '@stack/runtime/tracing';

/** Asks the core for its signal. */
export interface Asking {
  /**
   * @param about the same `eventId` gets the same signal, however often it is asked for
   * @throws what the bus throws; {NoSignal} when the core says that it has none
   */
  ask(
    request: TradingAnalysisRequest,
    about: { correlationId: string; eventId: string; span?: Span | undefined },
  ): Promise<Signal>;
}

/** The core has no signal for this: nothing is done then. */
export class NoSignal extends Error {
  override readonly name = 'NoSignal';
}

export function createAsking({
  bus,
  service,
  deadlineMs,
}: {
  bus: Bus;
  service: string;
  deadlineMs: number;
}): Asking {
  return {
    async ask(request, { correlationId, eventId, span }) {
      const created = tradingAnalysisRequest.create(request, {
        source: service,
        correlationid: correlationId,
        expirytime: new Date(Date.now() + deadlineMs).toISOString(),
        traceparent: traceparentOf(span),
      });
      const answer = bus.request({
        type: tradingAnalysisRequest,
        event: { ...created, id: eventId },
        to: DESTINATIONS.trading_analysis_request,
        answerType: tradingSignal,
        deadlineMs,
      });
      const { value, done } = await answer.next();
      await answer.return();
      if (done) throw new NoSignal('the answer has no part');
      const { data } = value;
      if (data.kind === 'error') throw new NoSignal(`${data.error.message} (${data.error.code})`);
      return data;
    },
  };
}

/** The core did not answer in time, or said that it has nothing to say: both mean to do nothing. */
export function isSilence(error: unknown): boolean {
  return (
    error instanceof NoSignal ||
    error instanceof DeadlineExceeded ||
    error instanceof BusUnavailable ||
    error instanceof Unroutable
  );
}
