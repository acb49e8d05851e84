import type { Book } from '@stack/trading/book';
import { type Decimal, decimal, ofNumber, ZERO } from '@stack/trading/decimal';
import type { Filters } from '@stack/trading/filters';
import { type Exchange, type FillReport, OrderRejected, type OrderReport } from './exchange.ts';

/** Binance's fee for takers without a discount. */
const FEE = decimal('0.001');

/** The account of orders on paper. */
export const PAPER = 'paper';
/** Orders whose fills can still be asked for. */
const REMEMBERED = 1_000;

/**
 * Orders on paper: the market data are real, and orders are filled at once against the book as it stands, as far as it
 * reaches; the rest expires. Nothing is sent to the exchange. What was ordered is only known to this process: after a
 * restart an order whose fill was not written down has never been.
 */
export function onPaper(
  market: Exchange,
  filters: ReadonlyMap<string, Filters>,
  bookOf: (symbol: string) => Book | undefined,
): Exchange {
  const done = new Map<string, OrderReport>();
  let lastId = Date.now() * 1_000;

  return {
    ...market,
    name: `paper, with the market data of ${market.name}`,
    async rules() {
      return { ...(await market.rules()), venue: PAPER };
    },
    watchAccount(listener) {
      queueMicrotask(() => listener.onConnected());
    },
    async place({ symbol, side, price, quantity, clientOrderId }) {
      const book = bookOf(symbol);
      if (book === undefined) throw new OrderRejected('the book is not in step with the exchange');
      lastId += 1;
      const fills: FillReport[] = [];
      let open: Decimal = quantity;
      for (const level of (side === 'buy' ? book.asks : book.bids).levels(5_000)) {
        const at = ofNumber(level.price);
        if (open.lte(ZERO) || (side === 'buy' ? at.gt(price) : at.lt(price))) break;
        const there = ofNumber(level.quantity);
        const taken = there.lt(open) ? there : open;
        open = open.minus(taken);
        lastId += 1;
        fills.push({
          tradeId: lastId,
          side,
          price: at,
          quantity: taken,
          commission: taken.times(at).times(FEE),
          commissionAsset: filters.get(symbol)?.quoteAsset ?? '',
          time: Date.now(),
        });
      }
      const report: OrderReport = {
        symbol,
        clientOrderId,
        exchangeOrderId: lastId,
        status: open.lte(ZERO) ? 'filled' : 'expired',
        executed: quantity.minus(open),
        fills,
      };
      done.set(clientOrderId, report);
      if (done.size > REMEMBERED) done.delete(done.keys().next().value ?? '');
      return report;
    },
    async cancel() {
      throw new OrderRejected('orders on paper never wait');
    },
    async order(_symbol, clientOrderId) {
      return done.get(clientOrderId);
    },
    async fills(_symbol, exchangeOrderId) {
      return [...done.values()].find((report) => report.exchangeOrderId === exchangeOrderId)?.fills ?? [];
    },
  };
}
