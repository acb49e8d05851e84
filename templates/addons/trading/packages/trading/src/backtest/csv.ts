import { createReadStream } from 'node:fs';
import { type Candle, CandleBuilder } from '../candle.ts';
import { Layout, type Row } from './binance-files.ts';

export { CsvError } from './binance-files.ts';

/**
 * Reads a CSV file in Binance's public format, many candles at a time: klines, trades or aggregate trades, of spot or
 * futures, with or without a line of headings, in milliseconds or microseconds. Trades become candles of `intervalMs`.
 *
 * @throws {CsvError} for the first line that is wrong, or for what is not in the order of its times
 */
export async function* readCandles(file: string, intervalMs = 60_000): AsyncGenerator<Candle[]> {
  const builder = new CandleBuilder(intervalMs);
  let layout: Layout | undefined;
  let line = 0;
  let last = -1;
  for await (const lines of linesOf(file)) {
    const candles: Candle[] = [];
    for (const text of lines) {
      line += 1;
      if (text === '') continue;
      const row: Row = { file, line, cells: text.split(',') };
      if (layout === undefined) {
        if (!/^[-+\d.]/.test(text)) {
          layout = Layout.ofHeadings(row);
          continue;
        }
        layout = Layout.ofCells(row);
      }
      layout.check(row);
      const candle = layout.candles ? klineOf(layout, row) : tradeOf(layout, row, builder);
      if (candle === undefined) continue;
      if (candle.openTime <= last)
        throw layout.mistake(
          row,
          'open_time',
          `a time after that of the line before (${new Date(last).toISOString()})`,
        );
      last = candle.openTime;
      candles.push(candle);
    }
    yield candles;
  }
  if (builder.current !== undefined) yield [builder.current];
}

function klineOf(layout: Layout, row: Row): Candle {
  const candle = {
    openTime: layout.time(row, 'open_time'),
    closeTime: layout.time(row, 'close_time'),
    open: layout.price(row, 'open'),
    high: layout.price(row, 'high'),
    low: layout.price(row, 'low'),
    close: layout.price(row, 'close'),
    volume: layout.amount(row, 'volume'),
  };
  if (candle.closeTime <= candle.openTime) throw layout.mistake(row, 'close_time', 'a time after open_time');
  if (candle.high < Math.max(candle.open, candle.close, candle.low))
    throw layout.mistake(row, 'high', 'the highest of the prices');
  if (candle.low > Math.min(candle.open, candle.close))
    throw layout.mistake(row, 'low', 'the lowest of the prices');
  return candle;
}

/** The candle that this trade shows to be over. */
function tradeOf(layout: Layout, row: Row, builder: CandleBuilder): Candle | undefined {
  const trade = {
    time: layout.time(row, 'time'),
    price: layout.price(row, 'price'),
    quantity: layout.amount(row, 'qty'),
  };
  const { current } = builder;
  if (current !== undefined && trade.time < current.openTime)
    throw layout.mistake(
      row,
      'time',
      `no time before the open candle (${new Date(current.openTime).toISOString()})`,
    );
  return builder.add(trade);
}

/** The lines, many at a time: one at a time would cost more than what is done with them. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  let rest = '';
  let isFirst = true;
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    // A byte order mark is no part of the first cell.
    const text: string = isFirst ? chunk.replace(/^\uFEFF/, '') : chunk;
    isFirst = false;
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}
