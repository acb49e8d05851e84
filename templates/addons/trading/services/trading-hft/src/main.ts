import { ConfigurationError } from '@stack/runtime/configuration';
import { openDatabase } from '@stack/runtime/database';
import { reasonOf } from '@stack/runtime/errors';
import { runService } from '@stack/runtime/service';
import { toNumber, ZERO } from '@stack/trading/decimal';
import manifest from '../package.json' with { type: 'json' };
import { registerApi } from './api.ts';
import { CONFIGURATION, contradictions, credentialsOf } from './configuration.ts';
import { openBinance } from './exchange/binance.ts';
import { PAPER } from './exchange/paper.ts';
import { createKillSwitch } from './kill-switch.ts';
import { createTradingMetrics } from './metrics.ts';
import { startTrading, type Trading } from './trading.ts';

const START_AGAIN_MS = 500;

void runService({
  version: manifest.version,
  configuration: CONFIGURATION,
  // Whoever reads any line knows that money is at stake.
  logFields: ({ TRADING_MODE: mode }) => (mode === 'live' ? { mode } : {}),
  async assemble({ configuration, name, log, bus, http, health, metrics, lifecycle, tracing, cache }) {
    const mistakes = contradictions(configuration);
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    if (cache === undefined) throw new Error('there are no positions to be shown without REDIS_URL');
    const database = openDatabase({
      url: configuration.DATABASE_URL,
      service: name,
      log,
      tracing,
      maxConnections: 8,
    });
    lifecycle.onEnd('database', () => database.close());
    const kill = createKillSwitch(database, log);
    lifecycle.onEnd('kill switch', async () => kill.close());

    let trading: Trading | { starting: string } = { starting: 'the exchange has not answered yet' };
    const running = () => ('starting' in trading ? undefined : trading);
    const measured = createTradingMetrics(metrics.registry, {
      held: () =>
        [...(running()?.feed.markets.values() ?? [])].map((market) => ({
          symbol: market.symbol,
          quantity: toNumber(running()?.ledger.held(market.symbol) ?? ZERO),
          ageSeconds: (running()?.feed.ageMs(market.symbol) ?? 0) / 1000,
          resyncs: market.resyncs,
        })),
      worth() {
        const all = running()?.ledger.worth((symbol) => running()?.feed.markets.get(symbol)?.mark);
        return { realised: toNumber(all?.realised ?? ZERO), unrealised: toNumber(all?.unrealised ?? ZERO) };
      },
      killed: () => kill.state.killed,
    });

    const exchange = openBinance({
      simulator: configuration.EXCHANGE_URL,
      testnet: configuration.TRADING_MODE === 'testnet',
      ...credentialsOf(configuration),
      symbols: configuration.SYMBOLS.split(','),
      interval: configuration.CANDLES,
      log,
    });
    // The simulated exchange takes orders itself; with Binance's market data they are filled here.
    const isOnPaper = configuration.TRADING_MODE === 'paper' && configuration.EXCHANGE_URL === undefined;

    let ending = false;
    const start = async () => {
      while (!ending) {
        try {
          const asked = await exchange.rules();
          const rules = isOnPaper ? { ...asked, venue: PAPER } : asked;
          if (ending) return;
          trading = startTrading({
            configuration,
            exchange,
            onPaper: isOnPaper,
            rules,
            database,
            cache,
            bus,
            kill,
            service: name,
            log,
            tracing,
            metrics: measured,
            onReplaced() {
              log.error('the exchange is another one than at the start: beginning anew');
              process.kill(process.pid, 'SIGTERM');
            },
          });
          log.info('trading', {
            mode: configuration.TRADING_MODE,
            exchange: exchange.name,
            venue: rules.venue,
          });
          return;
        } catch (error) {
          const reason = reasonOf(error);
          if ('starting' in trading && trading.starting !== reason)
            log.warn('cannot begin to trade yet', { reason, error });
          trading = { starting: reason };
          await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
        }
      }
    };
    void start();
    lifecycle.onEnd('trading', async () => {
      ending = true;
      await running()?.close();
    });

    health.add('database', {
      probe: () => database.query({ name: 'check', text: 'select 1' }),
      whenFailing: 'degraded',
    });
    health.add('cache', { probe: () => cache.check(), whenFailing: 'degraded' });
    // Until it has begun it is not ready; from then on what fails makes it work less well, and it goes on looking after
    // what is open.
    let begun = false;
    const whenFailing = () => {
      begun ||= running()?.begun() === true;
      return begun ? 'degraded' : 'unhealthy';
    };
    health.add('exchange', {
      async probe() {
        if ('starting' in trading) throw new Error(trading.starting);
        if (!trading.feed.connected) throw new Error('no market data');
      },
      get whenFailing() {
        return whenFailing();
      },
    });
    health.add('trading', {
      async probe() {
        const why = running()?.missing() ?? running()?.ledger.unrecorded;
        if (why !== undefined) throw new Error(why);
        if (whenFailing() === 'unhealthy') throw new Error('the books are not in step with the exchange yet');
      },
      get whenFailing() {
        return whenFailing();
      },
    });
    await registerApi(http, { version: manifest.version, configuration, kill, trading: () => trading });
  },
});
