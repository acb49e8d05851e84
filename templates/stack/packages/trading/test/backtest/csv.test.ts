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

test('trades and aggregate trades become candles', async () => {
  const trades = ['1,10,1,10,1000,true,true', '2,12,2,24,1500,false,true', '3,11,1,11,61000,true,true'].join(
    '\n',
  );
  expect(await read(trades)).toEqual([
    { openTime: 0, closeTime: 59_999, open: 10, high: 12, low: 10, close: 12, volume: 3 },
    { openTime: 60_000, closeTime: 119_999, open: 11, high: 11, low: 11, close: 11, volume: 1 },
  ]);
  const aggregates = ['1,10,1,5,6,1000,true,true', '2,12,2,7,9,2500,false,true'].join('\n');
  expect(await read(aggregates, 1_000)).toHaveLength(2);
});

test.each([
  [
    `${kline(60_000)}\n${kline(60_000)}`,
    /data\.csv:2: open_time: found "60000", expected a time after that of the line before/,
  ],
  [kline(0, 'x,3,0.5,2'), /:1: open: found "x", expected a number/],
  [kline(0, '1,3,0.5,'), /:1: close: found "", expected a number/],
  [kline(0, '1,3,0,2'), /:1: low: found "0", expected a number above 0/],
  [kline(0, '1,1.5,0.5,2'), /:1: high: found "1.5", expected the highest of the prices/],
  [kline(0, '1,3,1.5,2'), /:1: low: found "1.5", expected the lowest of the prices/],
  [kline(0, '-1,3,0.5,2'), /:1: open: found "-1"/],
  ['1,2,3', /:1: 3 columns, expected 12 \(klines\), 7 \(trades\) or 8/],
  [`${kline(0)}\nnonsense`, /:2: 1 columns/],
])('a line that is wrong is named with its field: %j', async (text, reason) => {
  await expect(read(text)).rejects.toThrow(reason);
});

test('an empty file has no candles', async () => {
  expect(await read('')).toEqual([]);
});
