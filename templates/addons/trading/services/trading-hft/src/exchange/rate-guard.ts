import { NotSent } from './not-sent.ts';

/** Binance's own limit, until `exchangeInfo` says another: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits */
const WEIGHT_IN_A_MINUTE = 6_000;
/** What is kept free, for cancelling and for asking what became of orders. */
const KEPT_FREE = 0.2;
const MINUTE_MS = 60_000;

export interface RateGuard {
  /** The weight of a minute that the exchange allows. */
  limit(weight: number): void;
  /** @throws {NotSent} when the request would go over the limit, or during a ban */
  admit(weight: number): void;
  /** Takes note of what the answer said is used up. */
  note(used: { 'x-mbx-used-weight-1m': number }): void;
  /** Takes note of a refusal: 429 and 418 say how long to wait. */
  refused(error: { code?: unknown; headers?: Record<string, string> }): void;
  /** Why no orders are to be sent for now. */
  barred(): string | undefined;
}

const TOO_MUCH = new Set([-1003, -1015]);

/**
 * Keeps the service within the limits of the exchange ahead of time. Who goes on after a 429 is banned (418), so during the
 * wait that the exchange asked for nothing is sent at all.
 */
export function createRateGuard(now: () => number = Date.now): RateGuard {
  let allowed = WEIGHT_IN_A_MINUTE;
  let minute = 0;
  let used = 0;
  let waitUntil = 0;
  const turn = () => {
    const current = Math.floor(now() / MINUTE_MS);
    if (current === minute) return;
    minute = current;
    used = 0;
  };

  return {
    limit(weight) {
      allowed = weight;
    },
    admit(weight) {
      turn();
      if (now() < waitUntil) throw new NotSent(waitReason(waitUntil - now()));
      if (used + weight > allowed)
        throw new NotSent(`the request weight of this minute is used up (${used} of ${allowed})`);
      used += weight;
    },
    note(headers) {
      turn();
      used = Math.max(used, headers['x-mbx-used-weight-1m']);
    },
    refused({ code, headers }) {
      if (typeof code !== 'number' || !TOO_MUCH.has(code)) return;
      const seconds = Number(headers?.['retry-after'] ?? 1);
      waitUntil = Math.max(waitUntil, now() + (Number.isFinite(seconds) ? seconds : 1) * 1_000);
    },
    barred() {
      turn();
      if (now() < waitUntil) return waitReason(waitUntil - now());
      if (used > allowed * (1 - KEPT_FREE))
        return `${used} of ${allowed} request weight is used up in this minute`;
      return undefined;
    },
  };
}

function waitReason(ms: number): string {
  return `the exchange asked to wait for ${Math.ceil(ms / 1000)} s more`;
}
