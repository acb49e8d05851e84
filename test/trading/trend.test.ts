import { judge } from '@stack/analysis/trading';
import { expect, test } from 'vitest';
import { IndicatorSet } from '../../templates/addons/trading/packages/trading/src/indicators.ts';
import { Exchange } from '../../templates/addons/trading/tools/exchange-simulator/src/exchange.ts';
import { MarketMakers } from '../../templates/addons/trading/tools/exchange-simulator/src/market-makers.ts';
import { trend } from './trend.ts';

const START = 1_750_000_000_000;
const SYMBOL = 'BTCUSDT';
/** The slowest of the indicators looks back so far. */
const TURN_S = 40;

test.each([
  ['rises', 'buy'],
  ['falls', 'sell'],
] as const)('in a market that %s the indicators speak for a %s within seconds, whatever chance does', (direction, side) => {
  for (let seed = 1; seed <= 2; seed += 1) {
    let now = START;
    const exchange = new Exchange({ symbols: [SYMBOL], seed, now: () => now, balances: {} });
    const makers = new MarketMakers(exchange);
    const market = exchange.market(SYMBOL);
    const indicators = new IndicatorSet();
    const { drift, swing, swing_every, volatility } = trend(direction);
    market.pull.drift(drift);
    market.pull.swing(swing, swing_every);
    market.volatility = volatility;
    for (const kline of market.klines.between('1s', 0, now - 1, 200))
      indicators.add({ ...kline, closeTime: kline.openTime + 999 });
    let silentFor = 0;
    for (let second = 1; second <= 120; second += 1) {
      for (let step = 0; step < 10; step += 1) {
        now += 100;
        makers.step(0.1);
      }
      for (const kline of market.klines.between('1s', now - 1_000, now - 1, 10)) {
        const told = indicators.add({ ...kline, closeTime: kline.openTime + 999 });
        const { action } = judge({ side, price: kline.close, indicators: { ...told } });
        silentFor = action === side || second < TURN_S ? 0 : silentFor + 1;
        expect(silentFor, `seed ${seed}, second ${second}`).toBeLessThan(15);
      }
    }
  }
});
