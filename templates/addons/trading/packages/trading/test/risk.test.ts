import { describe, expect, test } from 'vitest';
import { decimal, ZERO } from '../src/decimal.ts';
import type { Proposed } from '../src/order.ts';
import { assess, RISK_CHECKS, type RiskLimits, type RiskState } from '../src/risk.ts';

const limits: RiskLimits = {
  orderNotional: decimal('500'),
  symbolNotional: decimal('1000'),
  totalNotional: decimal('1500'),
  dailyLoss: decimal('100'),
  ordersIn10Seconds: 5,
  ordersInADay: 50,
  priceBand: decimal('0.01'),
  openOrders: 1,
  staleMs: 1_000,
};
const order: Proposed = { symbol: 'BTCUSDT', side: 'buy', price: decimal('100'), quantity: decimal('2') };
const fine: RiskState = {
  killed: undefined,
  unrecorded: undefined,
  barred: undefined,
  ageMs: 5,
  middle: decimal('100'),
  held: ZERO,
  open: { count: 0, buying: ZERO, selling: ZERO },
  elsewhere: ZERO,
  profitToday: ZERO,
  sent: { in10Seconds: 0, today: 0 },
};

/** For each check something that it alone refuses, and the same just within its limit. */
const CASES: [
  check: string,
  state: Partial<RiskState>,
  order: Partial<Proposed>,
  reason: RegExp,
  within: Partial<RiskState>,
  withinOrder?: Partial<Proposed>,
][] = [
  ['kill-switch', { killed: 'by hand' }, {}, /by hand/, {}],
  ['record', { unrecorded: 'the database is away' }, {}, /away/, {}],
  ['exchange', { barred: 'a ban' }, {}, /ban/, {}],
  ['stale', { ageMs: 1_001 }, {}, /1001 ms/, { ageMs: 1_000 }],
  ['stale', { middle: undefined }, {}, /not in step/, {}],
  [
    'daily-loss',
    { profitToday: decimal('-100') },
    {},
    /loss is 100/,
    { profitToday: decimal('-99.99999999') },
  ],
  [
    'order-rate',
    { sent: { in10Seconds: 5, today: 5 } },
    {},
    /ten seconds/,
    { sent: { in10Seconds: 4, today: 5 } },
  ],
  [
    'order-rate',
    { sent: { in10Seconds: 0, today: 50 } },
    {},
    /today/,
    { sent: { in10Seconds: 0, today: 49 } },
  ],
  ['open-orders', { open: { count: 1, buying: ZERO, selling: ZERO } }, {}, /1 open order/, {}],
  [
    'price-band',
    {},
    { price: decimal('101.01') },
    /further from 100 than 1 %/,
    {},
    { price: decimal('101') },
  ],
  ['order-notional', {}, { quantity: decimal('5.00001') }, /worth 500.001/, {}, { quantity: decimal('5') }],
  [
    'holding',
    {},
    { side: 'sell' },
    /2 of BTCUSDT would be sold, 0 is there/,
    { held: decimal('2') },
    { side: 'sell' },
  ],
  ['symbol-notional', { held: decimal('8.1') }, {}, /1010 \(at most 1000\)/, { held: decimal('8') }],
  ['total-notional', { elsewhere: decimal('1300.5') }, {}, /1500.5/, { elsewhere: decimal('1300') }],
];

describe('risk checks', () => {
  test.each(
    CASES,
  )('%s refuses with its reason, and lets pass what is within', (check, state, change, reason, within, withinOrder) => {
    expect(assess({ ...order, ...change }, { ...fine, ...state }, limits)).toEqual({
      allowed: false,
      check,
      reason: expect.stringMatching(reason),
    });
    expect(assess({ ...order, ...withinOrder }, { ...fine, ...within }, limits)).toEqual({ allowed: true });
  });

  test('each check has a case here', () => {
    expect(new Set(CASES.map(([check]) => check))).toEqual(new Set(RISK_CHECKS));
  });

  test('the first that refuses decides, in their order', () => {
    const state: RiskState = { ...fine, killed: 'k', unrecorded: 'u', barred: 'b', middle: undefined };
    const seen: string[] = [];
    for (const fix of [{ killed: undefined }, { unrecorded: undefined }, { barred: undefined }]) {
      const verdict = assess(order, state, limits);
      if (!verdict.allowed) seen.push(verdict.check);
      Object.assign(state, fix);
    }
    expect(seen).toEqual(['kill-switch', 'record', 'exchange']);
  });

  test('what is ordered counts as if it were held; a sale of what is already being sold is refused', () => {
    const buying = { count: 0, buying: decimal('8.1'), selling: ZERO };
    expect(assess(order, { ...fine, open: buying }, limits)).toMatchObject({ check: 'symbol-notional' });
    const selling = { count: 0, buying: ZERO, selling: decimal('1') };
    expect(
      assess({ ...order, side: 'sell' }, { ...fine, held: decimal('2.5'), open: selling }, limits),
    ).toMatchObject({ check: 'holding' });
  });
});
