import { reasonOf } from '@stack/runtime/errors';
import { OrderRejected, OutcomeUnknown } from './exchange.ts';
import { NotSent } from './not-sent.ts';

/** Codes that leave open whether an order was executed. */
const UNKNOWN_OUTCOME = new Set([-1000, -1001, -1006, -1007]);

/** An error of Binance as the client library throws it. */
export interface Refusal {
  code?: unknown;
  message?: unknown;
  headers?: Record<string, string>;
}

/** What the exchange refused, with its own code. */
export class ExchangeRefusal extends Error {
  override readonly name = 'ExchangeRefusal';
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${message} (${code})`);
    this.code = code;
  }
}

/** Everything that the client library throws, which need not be an error. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const { code, message } = (thrown ?? {}) as Refusal;
  if (typeof code === 'number') return new ExchangeRefusal(code, String(message));
  return new Error(`the exchange cannot be reached: ${String(message ?? thrown)}`);
}

/** Only what the exchange itself refused for a reason that it names is known not to have happened. */
export function outcomeOf(error: unknown): Error {
  if (error instanceof ExchangeRefusal && !UNKNOWN_OUTCOME.has(error.code))
    return new OrderRejected(error.message, { cause: error });
  const reason = reasonOf(error);
  return error instanceof NotSent
    ? new OrderRejected(reason, { cause: error })
    : new OutcomeUnknown(reason, { cause: error });
}
