import { createReadStream } from 'node:fs';
import { type Candle, CandleBuilder } from '../candle.ts';

/** A line that is none of Binance's files; the message names file, line, field, what stands there and what should. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
}

/** Columns of the files at https://github.com/binance/binance-public-data (spot). */
const KLINE_COLUMNS = 12;
const TRADE_COLUMNS = 7;
const AGGREGATE_TRADE_COLUMNS = 8;
/** From 2025 on the files have microseconds. */
const MICROSECONDS_FROM = 1e14;

/**
 * Reads a CSV file in Binance's public format, klines or trades (told apart by their columns), with or without a line of
 * headings, many candles at a time. Trades become candles of `intervalMs`.
 *
 * @throws {CsvError} for the first line that is wrong, or for candles that are not in the order of their times
 */
export async function* readCandles(file: string, intervalMs = 60_000): AsyncGenerator<Candle[]> {
  const builder = new CandleBuilder(intervalMs);
  let number = 0;
  let last = -1;
  for await (const lines of linesOf(file)) {
    const candles: Candle[] = [];
    for (const line of lines) {
      number += 1;
      if (line === '' || (number === 1 && !/^\d/.test(line))) continue;
      const columns = line.split(',');
      const at = { file, number, columns };
      const candle = columns.length === KLINE_COLUMNS ? klineOf(at) : builder.add(tradeOf(at));
      if (candle === undefined) continue;
      if (candle.openTime <= last)
        throw mistake(at, 0, 'a time after that of the line before', new Date(last).toISOString());
      last = candle.openTime;
      candles.push(candle);
    }
    yield candles;
  }
  if (builder.current !== undefined) yield [builder.current];
}

interface At {
  file: string;
  number: number;
  columns: readonly string[];
}

function klineOf(at: At): Candle {
  const candle = {
    openTime: time(at, 0),
    closeTime: time(at, 6),
    open: positive(at, 1),
    high: positive(at, 2),
    low: positive(at, 3),
    close: positive(at, 4),
    volume: amount(at, 5),
  };
  if (candle.high < Math.max(candle.open, candle.close, candle.low))
    throw mistake(at, 2, 'the highest of the prices');
  if (candle.low > Math.min(candle.open, candle.close)) throw mistake(at, 3, 'the lowest of the prices');
  return candle;
}

function tradeOf(at: At) {
  const { length } = at.columns;
  // id, price, qty, quote_qty, time, … or agg_id, price, qty, first_id, last_id, time, …
  const timeColumn = length === TRADE_COLUMNS ? 4 : length === AGGREGATE_TRADE_COLUMNS ? 5 : undefined;
  if (timeColumn === undefined) {
    throw new CsvError(
      `${at.file}:${at.number}: ${length} columns, expected ${KLINE_COLUMNS} (klines), ${TRADE_COLUMNS} (trades) or ${AGGREGATE_TRADE_COLUMNS} (aggregate trades)`,
    );
  }
  return { time: time(at, timeColumn), price: positive(at, 1), quantity: amount(at, 2) };
}

function time(at: At, column: number): number {
  const value = amount(at, column);
  return value >= MICROSECONDS_FROM ? Math.floor(value / 1000) : value;
}

function positive(at: At, column: number): number {
  const value = amount(at, column);
  if (value === 0) throw mistake(at, column, 'a number above 0');
  return value;
}

function amount(at: At, column: number): number {
  const text = at.columns[column] ?? '';
  const value = Number(text);
  if (text === '' || !(value >= 0) || value === Number.POSITIVE_INFINITY)
    throw mistake(at, column, 'a number, not negative');
  return value;
}

const KLINE_NAMES = ['open_time', 'open', 'high', 'low', 'close', 'volume', 'close_time'];
const TRADE_NAMES = ['id', 'price', 'qty', 'quote_qty', 'time'];
const AGGREGATE_NAMES = ['agg_trade_id', 'price', 'qty', 'first_trade_id', 'last_trade_id', 'time'];

function mistake({ file, number, columns }: At, column: number, expected: string, than?: string): CsvError {
  const names =
    columns.length === KLINE_COLUMNS
      ? KLINE_NAMES
      : columns.length === TRADE_COLUMNS
        ? TRADE_NAMES
        : AGGREGATE_NAMES;
  const field = names[column] ?? `column ${column + 1}`;
  const after = than === undefined ? '' : ` (${than})`;
  return new CsvError(
    `${file}:${number}: ${field}: found "${columns[column]}", expected ${expected}${after}`,
  );
}

/** The lines, many at a time: one at a time would cost more than what is done with them. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}
