import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Desk } from '../../templates/addons/trading/packages/trading/src/desk.ts';
import { emaCross } from '../../templates/addons/trading/packages/trading/src/strategies/ema-cross.ts';
import { Exchange } from '../../templates/addons/trading/tools/exchange-simulator/src/exchange.ts';
import { MarketMakers } from '../../templates/addons/trading/tools/exchange-simulator/src/market-makers.ts';

const FLOW = fileURLToPath(
  new URL('../../templates/addons/trading/services/trading-hft/flows/trading-decision.yaml', import.meta.url),
);
const START = 1_750_000_000_000;
const SOON = 40;

/** What the flow asks the market for. */
const { json: asked } = parse(await readFile(FLOW, 'utf8')).steps[0].request;

/** Seconds from the request of the flow until the strategy decides. */
function waits({ seed, holding, before }: { seed: number; holding: boolean; before: number }): number {
  let now = START;
  const exchange = new Exchange({ symbols: [asked.symbol], seed, now: () => now, balances: {} });
  const makers = new MarketMakers(exchange);
  const { klines, pull } = exchange.market(asked.symbol);
  const desk = new Desk(emaCross);
  const decides = (seconds: number) => {
    for (let second = 1; second <= seconds; second += 1) {
      for (let step = 0; step < 10; step += 1) {
        now += 100;
        makers.step(0.1);
      }
      for (const kline of klines.between('1s', now - 1_000, now - 1, 10)) {
        const candle = { ...kline, closeTime: kline.openTime + 999 };
        if (desk.candle(asked.symbol, candle, holding) !== undefined) return second;
      }
    }
    return Number.POSITIVE_INFINITY;
  };
  for (const kline of klines.between('1s', 0, now - 1, 200))
    desk.candle(asked.symbol, { ...kline, closeTime: kline.openTime + 999 }, holding);
  pull.drift(before);
  for (let second = 0; second < 20; second += 1) decides(1);
  pull.swing(asked.swing, asked.swing_every, asked.seconds);
  return decides(asked.seconds);
}

// What other flows do meanwhile: they let the price rise, and buy.
test.each([
  { holding: true, before: 0 },
  { holding: true, before: 0.0001 },
  { holding: false, before: 0.0001 },
  { holding: false, before: -0.0001 },
])('the flow sees a decision soon: holding $holding, drift $before', ({ holding, before }) => {
  expect(waits({ seed: 1, holding, before })).toBeLessThanOrEqual(SOON);
});
