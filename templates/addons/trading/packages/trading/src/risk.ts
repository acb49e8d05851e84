import { type Decimal, plain, ZERO } from './decimal.ts';
import type { Proposed } from './order.ts';

/** What may be lost and moved at most; amounts in the quote asset. */
export interface RiskLimits {
  /** Of one order. */
  orderNotional: Decimal;
  /** Of what is held and ordered of one symbol. */
  symbolNotional: Decimal;
  /** Of all symbols together. */
  totalNotional: Decimal;
  /** Since midnight, UTC: realised and unrealised. */
  dailyLoss: Decimal;
  /** Orders in ten seconds, and in a day. */
  ordersIn10Seconds: number;
  ordersInADay: number;
  /** How far the price may lie from the middle of the book, as a share: 0.01. */
  priceBand: Decimal;
  /** Orders of one symbol that are not done at the same time. */
  openOrders: number;
  /** Milliseconds without news after which the market counts as unknown. */
  staleMs: number;
}

/** What the checks know of the world at this moment. */
export interface RiskState {
  /** Why no orders are wanted at all; `undefined` when they are. */
  killed: string | undefined;
  /** Why what happens could not be written down. */
  unrecorded: string | undefined;
  /** Why the exchange takes no orders: a ban, or limits that are used up. */
  barred: string | undefined;
  /** Milliseconds since the market was last heard of. */
  ageMs: number;
  /** The middle of the book; `undefined` while it is not in step with the exchange. */
  middle: Decimal | undefined;
  /** What is held of the symbol, in the base asset. */
  held: Decimal;
  /** Open orders of the symbol: how many, and what they would buy and sell, in the base asset. */
  open: { count: number; buying: Decimal; selling: Decimal };
  /** What is held and being bought of all other symbols, at their marks. */
  elsewhere: Decimal;
  /** Profit since midnight, UTC; negative for a loss. */
  profitToday: Decimal;
  /** Orders sent. */
  sent: { in10Seconds: number; today: number };
}

export type Verdict = { allowed: true } | { allowed: false; check: string; reason: string };

/** A check: `undefined` lets the order pass. */
interface Check {
  name: string;
  refuse(order: Proposed, state: RiskState, limits: RiskLimits): string | undefined;
}

/** In this order: first what stops everything, then what only this order breaks. */
const CHECKS: readonly Check[] = [
  { name: 'kill-switch', refuse: (_order, { killed }) => killed },
  { name: 'record', refuse: (_order, { unrecorded }) => unrecorded },
  { name: 'exchange', refuse: (_order, { barred }) => barred },
  {
    name: 'stale',
    refuse: (_order, { ageMs, middle }, { staleMs }) =>
      middle === undefined
        ? 'the book is not in step with the exchange'
        : ageMs > staleMs
          ? `nothing was heard of the market for ${Math.round(ageMs)} ms (at most ${staleMs})`
          : undefined,
  },
  {
    name: 'daily-loss',
    refuse: (_order, { profitToday }, { dailyLoss }) =>
      profitToday.times('-1').gte(dailyLoss)
        ? `today's loss is ${plain(profitToday.times('-1'))} (at most ${plain(dailyLoss)})`
        : undefined,
  },
  {
    name: 'order-rate',
    refuse: (_order, { sent }, { ordersIn10Seconds, ordersInADay }) =>
      sent.in10Seconds >= ordersIn10Seconds
        ? `${sent.in10Seconds} orders in ten seconds (at most ${ordersIn10Seconds})`
        : sent.today >= ordersInADay
          ? `${sent.today} orders today (at most ${ordersInADay})`
          : undefined,
  },
  {
    name: 'open-orders',
    refuse: ({ symbol }, { open }, { openOrders }) =>
      open.count >= openOrders ? `${open.count} open orders of ${symbol} (at most ${openOrders})` : undefined,
  },
  {
    name: 'price-band',
    refuse({ price }, { middle }, { priceBand }) {
      if (middle === undefined) return undefined;
      const distance = price.minus(middle).abs();
      return distance.gt(middle.times(priceBand))
        ? `the price ${plain(price)} is further from ${plain(middle)} than ${plain(priceBand.times('100'))} %`
        : undefined;
    },
  },
  {
    name: 'order-notional',
    refuse({ price, quantity }, _state, { orderNotional }) {
      const notional = price.times(quantity);
      return notional.gt(orderNotional)
        ? `the order is worth ${plain(notional)} (at most ${plain(orderNotional)})`
        : undefined;
    },
  },
  {
    name: 'holding',
    refuse: ({ side, symbol, quantity }, { held, open }) =>
      side === 'sell' && quantity.gt(held.minus(open.selling))
        ? `${plain(quantity)} of ${symbol} would be sold, ${plain(held.minus(open.selling))} is there`
        : undefined,
  },
  {
    name: 'symbol-notional',
    refuse(order, state, { symbolNotional }) {
      const notional = exposure(order, state);
      return notional?.gt(symbolNotional)
        ? `${order.symbol} would be worth ${plain(notional)} (at most ${plain(symbolNotional)})`
        : undefined;
    },
  },
  {
    name: 'total-notional',
    refuse(order, state, { totalNotional }) {
      const notional = exposure(order, state)?.plus(state.elsewhere);
      return notional?.gt(totalNotional)
        ? `all positions would be worth ${plain(notional)} (at most ${plain(totalNotional)})`
        : undefined;
    },
  },
];

/** The names of the checks, in their order. */
export const RISK_CHECKS: readonly string[] = CHECKS.map(({ name }) => name);

/** The first check that refuses decides. Pure: the same order and state always get the same verdict. */
export function assess(order: Proposed, state: RiskState, limits: RiskLimits): Verdict {
  for (const { name, refuse } of CHECKS) {
    const reason = refuse(order, state, limits);
    if (reason !== undefined) return { allowed: false, check: name, reason };
  }
  return { allowed: true };
}

/** What of the symbol would be held if all that is ordered were bought; `undefined` for a sale, which only lowers it. */
function exposure({ side, price, quantity }: Proposed, { held, open }: RiskState): Decimal | undefined {
  if (side === 'sell') return undefined;
  const all = held.plus(open.buying).plus(quantity);
  return all.gt(ZERO) ? all.times(price) : ZERO;
}
