import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readCandles } from '../../src/backtest/index.ts';
import type { Candle } from '../../src/candle.ts';

async function read(text: string, intervalMs?: number): Promise<Candle[]> {
  const folder = await mkdtemp(join(tmpdir(), 'candles-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'data.csv');
  await writeFile(file, text);
  const candles: Candle[] = [];
  for await (const batch of readCandles(file, intervalMs)) candles.push(...batch);
  return candles;
}

const kline = (openTime: number | string, prices = '1,3,0.5,2') =>
  `${openTime},${prices},10,${Number(openTime) + 59_999},20,5,4,8,0`;

test('klines are read with headings and without, in milliseconds and in microseconds', async () => {
  const head =
    'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore';
  const wanted = {
    openTime: 1_700_000_000_000,
    closeTime: 1_700_000_059_999,
    open: 1,
    high: 3,
    low: 0.5,
    close: 2,
    volume: 10,
  };
  expect(await read(`${head}\r\n${kline(1_700_000_000_000)}\r\n`)).toEqual([wanted]);
  expect(await read(`${kline(1_700_000_000_000)}`)).toEqual([wanted]);
  const micro = await read(`1700000000000000,1,3,0.5,2,10,1700000059999999,20,5,4,8,0\n`);
  expect(micro).toEqual([wanted]);
});

const T = 1_700_000_040_000;
const first = { openTime: T, closeTime: T + 59_999, open: 10, high: 12, low: 10, close: 12, volume: 3 };
const second = {
  openTime: T + 60_000,
  closeTime: T + 119_999,
  open: 11,
  high: 11,
  low: 11,
  close: 11,
  volume: 1,
};

// https://github.com/binance/binance-public-data: spot has no headings, futures have had them since 2022.
test.each([
  [
    'trades of spot',
    'id,price,qty,quote_qty,time,is_buyer_maker,is_best_match',
    (n: number, price: number, qty: number, time: number) =>
      `${n},${price},${qty},${price * qty},${time},True,True`,
  ],
  [
    'trades of futures (USD-M)',
    'id,price,qty,quote_qty,time,is_buyer_maker',
    (n: number, price: number, qty: number, time: number) =>
      `${n},${price},${qty},${price * qty},${time},true`,
  ],
  [
    'trades of futures (COIN-M)',
    'id,price,qty,base_qty,time,is_buyer_maker',
    (n: number, price: number, qty: number, time: number) => `${n},${price},${qty},0.01037883,${time},false`,
  ],
  [
    'aggregate trades of spot',
    'Aggregate tradeId,Price,Quantity,First tradeId,Last tradeId,Timestamp,Was the buyer the maker,Was the trade the best price match',
    (n: number, price: number, qty: number, time: number) =>
      `${n},${price},${qty},${n * 2},${n * 2 + 1},${time},False,True`,
  ],
  [
    'aggregate trades of futures',
    'agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker',
    (n: number, price: number, qty: number, time: number) =>
      `${n},${price},${qty},${n * 2},${n * 2 + 1},${time},true`,
  ],
])('%s become candles, with headings and without, in milliseconds and microseconds', async (_, head, row) => {
  const rows = [row(1, 10, 1, T + 1_000), row(2, 12, 2, T + 1_500), row(3, 11, 1, T + 61_000)];
  const micro = [
    row(1, 10, 1, (T + 1_000) * 1000),
    row(2, 12, 2, (T + 1_500) * 1000 + 999),
    row(3, 11, 1, (T + 61_000) * 1000),
  ];
  for (const lines of [rows, [head, ...rows], micro, [head, ...micro], [`\uFEFF${head}`, ...rows]])
    expect(await read(lines.join('\n')), lines[0]).toEqual([first, second]);
  expect(await read(`\uFEFF${rows.join('\r\n')}\r\n`)).toEqual([first, second]);
  expect(await read(rows.join('\n'), 1_000)).toHaveLength(2);
});

test('a byte order mark takes no candle away', async () => {
  expect(await read(`\uFEFF${kline(T)}\n${kline(T + 60_000)}`)).toHaveLength(2);
});

test('headings say where the columns stand, in whatever order', async () => {
  const lines = [
    'symbol,close_time,open_time,close,low,high,open,volume',
    `BTCUSDT,${T + 59_999},${T},12,10,12,10,3`,
  ];
  expect(await read(lines.join('\n'))).toEqual([first]);
});

test.each([
  [
    `${kline(T)}\n${kline(T)}`,
    /data\.csv:2: open_time: found "1700000040000", expected a time after that of the line before/,
  ],
  [kline(T, 'x,3,0.5,2'), /:1: open: found "x", expected a number/],
  [kline(T, '1,3,0.5,'), /:1: close: found "", expected a number/],
  [kline(T, '1,3,0,2'), /:1: low: found "0", expected a number above 0/],
  [kline(T, '1,1.5,0.5,2'), /:1: high: found "1.5", expected the highest of the prices/],
  [kline(T, '1,3,1.5,2'), /:1: low: found "1.5", expected the lowest of the prices/],
  [kline(T, '-1,3,0.5,2'), /:1: open: found "-1"/],
  ['1,2,3', /:1: 3 columns, expected klines \(12: open_time,.*aggregate trades of futures \(7: agg_trade_id/],
  [`${kline(T)}\nnonsense`, /:2: 1 columns, expected 12 \(klines\)/],
  // Seconds, nanoseconds, and ids that stand where a time is looked for.
  [
    kline(1_700_000_000),
    /:1: open_time: found "1700000000", expected a time in milliseconds or microseconds/,
  ],
  [`1,10,1,10,${T}000000,true,true`, /:1: time: found "1700000040000000000", expected a time in milli/],
  [`1,10,1,5,6,7,true`, /:1: time: found "7", expected a time in milli/],
  // A file that was cut off, or put together of two forms or with headings in between.
  [
    `1,10,1,10,${T},true,true\n2,10,1,10,${T},true,tr`,
    /:2: is_best_match: found "tr", expected true or false/,
  ],
  [
    `1,10,1,10,${T},true,true\n2,10,1,5,6,${T},true`,
    /:2: is_buyer_maker: found "1700000040000", expected true or false/,
  ],
  [`1,10,1,10,${T},true,true\n2,10,1,10,${T},true`, /:2: 6 columns, expected 7 \(trades\)/],
  [
    `1,10,1,10,${T},true\nid,price,qty,quote_qty,time,is_buyer_maker`,
    /:2: is_buyer_maker: found "is_buyer_maker"/,
  ],
  // A first line that is neither headings of Binance's nor data is no line to leave out.
  [`nonsense\n${kline(T)}`, /:1: found the headings "nonsense", expected price, qty, time among them/],
  [`"${T}",1,3,0.5,2,10,${T + 59_999},20,5,4,8,0`, /:1: found the headings/],
  [`open_time,open,high,low,close,volume\n${T},1,3,0.5,2,10`, /:1: .*expected close_time among them/],
  [`time,price,price,qty\n${T},1,1,1`, /:1: two columns are headed price/],
  [
    `${kline(T)}`.replace(String(T + 59_999), String(T)),
    /:1: close_time: found "1700000040000", expected a time after open_time/,
  ],
  [
    `1,10,1,10,${T},true\n2,10,1,10,${T - 60_000},true`,
    /:2: time: found "1699999980000", expected no time before the open candle/,
  ],
])('a line that is wrong is named with its field: %j', async (text, reason) => {
  await expect(read(text)).rejects.toThrow(reason);
});

test('an empty file has no candles', async () => {
  expect(await read('')).toEqual([]);
});
