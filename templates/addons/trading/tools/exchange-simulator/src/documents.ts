import type { Exchange, Fill, Market, Order } from './exchange.ts';
import { amountText, type Instrument, priceText, quantityText, written } from './instrument.ts';
import { INTERVALS, type Kline } from './klines.ts';
import type { Limits } from './rate-limits.ts';

// What is sent, in Binance's own words: https://developers.binance.com/docs/binance-spot-api-docs/rest-api

export function exchangeInfo(exchange: Exchange, limits: Limits, id: string) {
  return {
    timezone: 'UTC',
    serverTime: exchange.now(),
    simulated: true,
    /** A new one at each start: accounts and orders of another one are not known here. */
    simulation: id,
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: limits.weight },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: limits.ordersIn10Seconds },
      { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: limits.ordersInADay },
    ],
    exchangeFilters: [],
    symbols: [...exchange.markets.values()].map(({ instrument }) => symbolInfo(instrument)),
  };
}

function symbolInfo(instrument: Instrument) {
  const { symbol, base, quote, priceDigits, quantityDigits, minNotional } = instrument;
  return {
    symbol,
    status: 'TRADING',
    baseAsset: base,
    baseAssetPrecision: 8,
    quoteAsset: quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET'],
    icebergAllowed: false,
    ocoAllowed: false,
    quoteOrderQtyMarketAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: written(1, priceDigits),
        maxPrice: '1000000.00',
        tickSize: written(1, priceDigits),
      },
      {
        filterType: 'LOT_SIZE',
        minQty: written(1, quantityDigits),
        maxQty: '9000.00',
        stepSize: written(1, quantityDigits),
      },
      {
        filterType: 'NOTIONAL',
        minNotional: amountText(minNotional),
        applyMinToMarket: true,
        maxNotional: '9000000.00',
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
    permissions: ['SPOT'],
  };
}

export function levelRows(instrument: Instrument, levels: readonly { price: number; quantity: number }[]) {
  return levels.map(({ price, quantity }) => [
    priceText(instrument, price),
    quantityText(instrument, quantity),
  ]);
}

export function depth({ engine, instrument, updateId }: Market, most: number) {
  return {
    lastUpdateId: updateId,
    bids: levelRows(instrument, engine.levels('BUY', most)),
    asks: levelRows(instrument, engine.levels('SELL', most)),
  };
}

export function klineRow(instrument: Instrument, interval: string, kline: Kline) {
  const closeTime = kline.openTime + (INTERVALS[interval] ?? 0) - 1;
  return [
    kline.openTime,
    priceText(instrument, kline.open),
    priceText(instrument, kline.high),
    priceText(instrument, kline.low),
    priceText(instrument, kline.close),
    quantityText(instrument, kline.volume),
    closeTime,
    amountText(kline.quoteVolume),
    kline.trades,
    quantityText(instrument, kline.takerBuyVolume),
    amountText(kline.takerBuyQuoteVolume),
    '0',
  ];
}

export function orderDocument(order: Order, instrument: Instrument) {
  return {
    symbol: order.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    price: priceText(instrument, order.price ?? 0),
    origQty: quantityText(instrument, order.quantity),
    executedQty: quantityText(instrument, order.filled),
    origQuoteOrderQty: '0.00000000',
    cummulativeQuoteQty: amountText(order.executedQuote),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.type,
    side: order.side,
    stopPrice: '0.00',
    icebergQty: '0.00',
    time: order.time,
    updateTime: order.updateTime,
    isWorking: true,
    workingTime: order.time,
    selfTradePreventionMode: 'NONE',
  };
}

export function placedDocument(order: Order, fills: readonly Fill[], instrument: Instrument) {
  const { time, updateTime, isWorking, ...document } = orderDocument(order, instrument);
  return {
    ...document,
    transactTime: order.updateTime,
    fills: fills.map((fill) => ({
      price: priceText(instrument, fill.price),
      qty: quantityText(instrument, fill.quantity),
      commission: amountText(fill.commission),
      commissionAsset: fill.commissionAsset,
      tradeId: fill.tradeId,
    })),
  };
}

export function tradeDocument(fill: Fill, instrument: Instrument) {
  return {
    symbol: fill.symbol,
    id: fill.tradeId,
    orderId: fill.orderId,
    orderListId: -1,
    price: priceText(instrument, fill.price),
    qty: quantityText(instrument, fill.quantity),
    quoteQty: amountText(fill.amount),
    commission: amountText(fill.commission),
    commissionAsset: fill.commissionAsset,
    time: fill.time,
    isBuyer: fill.side === 'BUY',
    isMaker: fill.isMaker,
    isBestMatch: true,
  };
}

export function accountDocument(exchange: Exchange) {
  return {
    makerCommission: 10,
    takerCommission: 10,
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: { maker: '0.00100000', taker: '0.00100000', buyer: '0.00000000', seller: '0.00000000' },
    canTrade: true,
    canWithdraw: false,
    canDeposit: false,
    updateTime: exchange.now(),
    accountType: 'SPOT',
    balances: balancesOf(exchange).map(({ asset, free, locked }) => ({ asset, free, locked })),
    permissions: ['SPOT'],
  };
}

export function balancesOf(exchange: Exchange) {
  return [...exchange.account.balances].map(([asset, { free, locked }]) => ({
    asset,
    free: amountText(free),
    locked: amountText(locked),
  }));
}

/** `executionReport` of the user data stream. */
export function executionReport(
  order: Order,
  execution: string,
  fill: Fill | undefined,
  instrument: Instrument,
  now: number,
) {
  return {
    e: 'executionReport',
    E: now,
    s: order.symbol,
    c: order.clientOrderId,
    S: order.side,
    o: order.type,
    f: order.timeInForce,
    q: quantityText(instrument, order.quantity),
    p: priceText(instrument, order.price ?? 0),
    P: '0.00',
    F: '0.00',
    g: -1,
    C: execution === 'CANCELED' ? order.clientOrderId : '',
    x: execution,
    X: order.status,
    r: 'NONE',
    i: order.id,
    l: quantityText(instrument, fill?.quantity ?? 0),
    z: quantityText(instrument, order.filled),
    L: priceText(instrument, fill?.price ?? 0),
    n: amountText(fill?.commission ?? 0n),
    N: fill?.commissionAsset ?? null,
    T: order.updateTime,
    t: fill?.tradeId ?? -1,
    I: order.id,
    w: order.status === 'NEW' || order.status === 'PARTIALLY_FILLED',
    m: fill?.isMaker ?? false,
    M: false,
    O: order.time,
    Z: amountText(order.executedQuote),
    Y: amountText(fill?.amount ?? 0n),
    Q: '0.00',
    V: 'NONE',
  };
}
