import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCandles, runBacktest } from '@stack/trading/backtest';
import { BookSync, type DepthDiff, type Row } from '@stack/trading/book-sync';
import type { Candle } from '@stack/trading/candle';
import { decimal } from '@stack/trading/decimal';
import { Desk } from '@stack/trading/desk';
import { filtersOf } from '@stack/trading/filters';
import { strategyNamed } from '@stack/trading/strategies';
import sortedBTree from 'sorted-btree';
import { ATR, BollingerBands, EMA, MACD, RSI, VWAP } from 'trading-signals';
import { type Benchmark, type Figure, figureOf, isGuard, quantile } from './guard/figure.ts';
import { benchStack, memoryOfStack } from './support/stack.ts';

// CommonJS that has its class as `default`.
const BTree = sortedBTree.default;
const SYMBOLS = 50;
const CANDLES = 1_000_000;
const LEVELS = 2_000_000;
const LONG_RUN_MS = 120_000;
const ROUNDS = 3;

type Strategy = NonNullable<ReturnType<typeof strategyNamed>>;

export const benchmark: Benchmark = {
  about:
    'Inside the trading service, beside what its libraries need for the same alone; and the service at a hundred times the speed of the simulated market.',
  async measure(extent) {
    const strategy = strategyNamed('ema-cross');
    if (strategy === undefined) throw new Error('no strategy');
    const figures = [...ticks(strategy), books(extent.rounds ?? ROUNDS)];
    if (!isGuard(extent)) figures.push(...(await backtests(strategy)), ...(await longRun()));
    return { figures };
  },
};

/** Every tick ends a candle, which is the most that one can set off. */
function ticks(strategy: Strategy): Figure[] {
  const series = Array.from({ length: SYMBOLS }, (_, symbol) => walk(4_000, symbol + 1));
  const desk = new Desk(strategy);
  const peers = series.map(() => ({
    all: [
      new EMA(9),
      new EMA(21),
      new RSI(14),
      new MACD(new EMA(12), new EMA(26), new EMA(9)),
      new BollingerBands(20, 2),
    ],
    candles: [new ATR(14), new VWAP()],
  }));
  const [ours, theirs]: number[][] = [[], []];
  let candidates = 0;
  for (let index = 0; index < 4_000; index += 1) {
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
      const candle = series[symbol]?.[index] as Candle;
      const begun = performance.now();
      if (desk.candle(`S${symbol}`, candle, candidates % 2 === 1) !== undefined) candidates += 1;
      const between = performance.now();
      for (const each of peers[symbol]?.all ?? []) each.update(candle.close, false);
      for (const each of peers[symbol]?.candles ?? []) each.update(candle, false);
      // What comes first is not compiled yet.
      if (index < 1_000) continue;
      ours?.push((between - begun) * 1_000);
      theirs?.push((performance.now() - between) * 1_000);
    }
  }
  return ([0.5, 0.99] as const).map((share): Figure => {
    const [value, beside] = [quantile(ours ?? [], share), quantile(theirs ?? [], share)];
    return {
      name: `tick to candidate, ${SYMBOLS} symbols, p${share * 100}`,
      ...{ value, unit: 'µs', better: 'lower' },
      peer: { name: 'the indicators of trading-signals', value: beside },
      ratio: value / beside,
      aim: { value: share === 0.5 ? 20 : 100 },
    };
  });
}

/** Diffs as Binance sends them, around a middle that wanders, in a book of a thousand levels. */
function books(rounds: number): Figure {
  const random = generator(7);
  const diffs: DepthDiff[] = [];
  let [middle, id] = [64_000_00, 0];
  for (let done = 0; done < LEVELS; done += 20) {
    middle += Math.round((random() - 0.5) * 40);
    const rows = (direction: number): Row[] =>
      Array.from({ length: 10 }, () => {
        const away = 1 + Math.floor(random() ** 3 * 1_000);
        const quantity = random() < 0.3 ? '0.00000' : (random() * 2).toFixed(5);
        return [((middle + direction * away) / 100).toFixed(2), quantity] as const;
      });
    diffs.push({ first: id + 1, last: id + 1, bids: rows(-1), asks: rows(1) });
    id += 1;
  }
  const ours = () => {
    const sync = new BookSync();
    sync.snapshot({ lastUpdateId: 0, bids: [], asks: [] });
    for (const diff of diffs) sync.diff(diff);
  };
  const theirs = () => {
    const [bids, asks] = [new BTree<number, number>(undefined, (a, b) => b - a), new BTree<number, number>()];
    for (const diff of diffs) {
      for (const [side, rows] of [
        [bids, diff.bids],
        [asks, diff.asks],
      ] as const)
        for (const [price, quantity] of rows)
          if (Number(quantity) === 0) side.delete(Number(price));
          else side.set(Number(price), Number(quantity));
    }
  };
  // The first round is for the compiler.
  for (const work of [ours, theirs]) rateOf(work);
  const pairs = Array.from({ length: rounds }, () => [rateOf(ours), rateOf(theirs)] as const);
  return figureOf({
    ...{ name: 'levels of an order book', unit: 'million/s', better: 'higher', aim: { value: 1 } },
    values: pairs.map(([mine]) => mine),
    peer: { name: 'sorted-btree', values: pairs.map(([, other]) => other) },
  });
}

/** Millions of levels a second. */
function rateOf(work: () => void): number {
  const begun = performance.now();
  work();
  return LEVELS / ((performance.now() - begun) / 1_000) / 1e6;
}

async function backtests(strategy: Strategy): Promise<Figure[]> {
  const candles = walk(CANDLES, 26);
  const options = {
    strategy,
    filters: filtersOf({ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', filters: [] }),
    limits: {
      orderNotional: decimal('1000000'),
      symbolNotional: decimal('1000000'),
      totalNotional: decimal('1000000'),
      dailyLoss: decimal('1000000'),
      ordersIn10Seconds: 100,
      ordersInADay: 100_000,
      priceBand: decimal('0.5'),
      openOrders: 1,
      staleMs: 1_000,
    },
    capital: decimal('10000'),
    orderNotional: decimal('100'),
    fee: decimal('0.001'),
    slippage: decimal('0.0005'),
  };
  let begun = performance.now();
  await runBacktest(candles, options);
  const seconds = (performance.now() - begun) / 1_000;
  const folder = mkdtempSync(join(tmpdir(), 'qbtc-bench-'));
  try {
    const file = join(folder, 'klines.csv');
    const out = createWriteStream(file);
    for (const { openTime, open, high, low, close, volume, closeTime } of candles)
      if (!out.write(`${openTime},${open},${high},${low},${close},${volume},${closeTime},0,1,0,0,0\n`))
        await once(out, 'drain');
    out.end();
    await once(out, 'finish');
    begun = performance.now();
    await runBacktest(readCandles(file), options);
    const all = (performance.now() - begun) / 1_000;
    begun = performance.now();
    for await (const _ of readCandles(file));
    const reading = (performance.now() - begun) / 1_000;
    const figure = { unit: 's', better: 'lower' } as const;
    const many = `${CANDLES.toLocaleString('en')} candles`;
    return [
      { ...figure, name: `backtest of ${many}`, value: seconds, aim: { value: 5 } },
      {
        ...{ ...figure, name: `backtest of ${many} from a CSV file`, value: all },
        peer: { name: 'reading alone', value: reading },
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function longRun(): Promise<Figure[]> {
  const stack = await benchStack({ env: { SPEED: '100' } });
  try {
    stack.qbtc('up');
    await sleep(LONG_RUN_MS / 4);
    const { parts: before } = await memoryOfStack(stack);
    await sleep(LONG_RUN_MS);
    const { parts: after } = await memoryOfStack(stack);
    const { symbols } = JSON.parse(stack.output('trade', 'status', '--json')) as {
      symbols: { synced: boolean }[];
    };
    if (!symbols.every(({ synced }) => synced)) throw new Error('the books are not in step any more');
    return ['trading-hft', 'exchange-simulator'].flatMap((name) => {
      const [first, last] = [before, after].map((parts) => parts.get(name));
      if (first === undefined || last === undefined) throw new Error(`${name} does not run`);
      return (['resident', 'proportional'] as const).map(
        (kind): Figure => ({
          name: `${name} at 100 times the speed, ${kind} ${LONG_RUN_MS / 1_000} s later`,
          ...{ value: last[kind], unit: 'MB', better: 'lower' },
          peer: { name: 'before', value: first[kind] },
        }),
      );
    });
  } finally {
    stack.remove();
  }
}

function walk(length: number, seed: number): Candle[] {
  const random = generator(seed);
  let price = 64_000;
  return Array.from({ length }, (_, index) => {
    const open = price;
    price = Math.max(1, price * (1 + (random() + random() + random() - 1.5) * 0.001));
    const [high, low] = [
      Math.max(open, price) * (1 + random() * 0.0003),
      Math.min(open, price) * (1 - random() * 0.0003),
    ];
    const cents = (value: number) => Math.round(value * 100) / 100;
    const openTime = 1_700_000_000_000 + index * 60_000;
    return {
      openTime,
      closeTime: openTime + 59_999,
      open: cents(open),
      high: cents(Math.max(high, open, price)) + 0.01,
      low: cents(Math.min(low, open, price)) - 0.01,
      close: cents(price),
      volume: Math.round(random() * 1_000) / 100,
    };
  });
}

/** Numbers from 0 to below 1 that follow from a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
