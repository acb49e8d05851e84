import type { Log } from '@stack/runtime/logging';
import type { Exchange } from './exchange/exchange.ts';
import type { Executor } from './orders/executor.ts';

export interface Account {
  /** Why what happens at the account is not known; `undefined` while it is. */
  readonly lost: string | undefined;
}

/** Takes in what the exchange tells of the account. */
export function watchAccount(options: {
  exchange: Exchange;
  executor: Executor;
  log: Log;
  /** The account is told of again: what happened meanwhile was not. */
  onConnected(): void;
}): Account {
  const { exchange, executor, log, onConnected } = options;
  let lost: string | undefined = 'the account stream is not there yet';
  exchange.watchAccount({
    onConnected() {
      lost = undefined;
      log.info('account data flow');
      onConnected();
    },
    onLost(reason) {
      if (lost === undefined) log.warn('account data stopped', { reason });
      lost = `the account stream is away: ${reason}`;
    },
    onOrder(report) {
      // Also while the lock is lost: whoever books it, it is booked once. Before the ledger is read nothing is known of it.
      executor
        .report(report)
        .catch((error: unknown) => log.error('could not take in what happened to an order', { error }));
    },
  });
  return {
    get lost() {
      return lost;
    },
  };
}
