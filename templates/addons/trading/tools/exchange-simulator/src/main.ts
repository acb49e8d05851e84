import { integer, oneOf, readConfiguration, text, withDefault } from '@stack/runtime/configuration';
import { createHealth } from '@stack/runtime/health';
import { createHttpServer } from '@stack/runtime/http';
import { createLifecycle } from '@stack/runtime/lifecycle';
import { createLog, createOutput, LOG_LEVELS } from '@stack/runtime/logging';
import { keepMemorySmall } from '@stack/runtime/memory';
import { createMetrics } from '@stack/runtime/metrics';
import { NO_TRACING } from '@stack/runtime/tracing';
import manifest from '../package.json' with { type: 'json' };
import { addSimulator } from './server.ts';

const CONFIGURATION = {
  SERVICE_NAME: withDefault(text(), 'exchange-simulator'),
  PORT: integer({ min: 0, max: 65535 }),
  HOST: withDefault(text(), '127.0.0.1'),
  LOG_LEVEL: withDefault(oneOf(LOG_LEVELS), 'info'),
  SYMBOLS: withDefault(text(), 'BTCUSDT,ETHUSDT'),
  SEED: withDefault(integer({ min: 1, max: 2_147_483_647 }), '26'),
  /** How many times as much happens in the market. */
  SPEED: withDefault(integer({ min: 1, max: 1_000 }), '1'),
  API_KEY: text(),
  API_SECRET: text(),
  /** Whole units of the quote asset that the account has at the start. */
  CAPITAL: withDefault(integer({ min: 1, max: 1_000_000_000 }), '100000'),
};

const END_MS = 5_000;
/** As much as its start takes. It allocates little: collecting that often costs it some seconds of processor time in an hour. */
const YOUNG_BYTES = 8 * 1024 * 1024;
const UNITS = 100_000_000n;

// The exchange stands alone: it is what the world outside is to the stack, so it uses neither broker nor database.
async function run(): Promise<void> {
  const output = createOutput();
  const { own } = readConfiguration({ common: {}, own: CONFIGURATION }, process.env);
  const log = createLog({ service: own.SERVICE_NAME, level: own.LOG_LEVEL, destination: output });
  const lifecycle = createLifecycle({ log, timeoutMs: END_MS });
  const health = createHealth({ service: own.SERVICE_NAME, version: manifest.version });
  const http = createHttpServer({
    health,
    metrics: createMetrics(own.SERVICE_NAME),
    log,
    tracing: NO_TRACING,
  });
  const simulator = addSimulator(http, {
    symbols: own.SYMBOLS.split(','),
    seed: own.SEED,
    speed: own.SPEED,
    credentials: { key: own.API_KEY, secret: own.API_SECRET },
    balances: { USDT: BigInt(own.CAPITAL) * UNITS },
  });
  health.add('market', {
    async probe() {
      for (const { instrument, engine } of simulator.exchange.markets.values())
        if (engine.best('BUY') === undefined || engine.best('SELL') === undefined)
          throw new Error(`the book of ${instrument.symbol} has an empty side`);
    },
    whenFailing: 'degraded',
  });
  lifecycle.onEnd('http', () => http.close());
  lifecycle.onEnd('simulator', () => simulator.close());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void lifecycle.end(signal).then((inTime) => {
        output.flush();
        process.exit(inTime ? 0 : 1);
      });
    });
  }
  const url = await http.listen({ host: own.HOST, port: own.PORT });
  keepMemorySmall(YOUNG_BYTES);
  log.info('listening', { url, simulated: true, symbols: own.SYMBOLS, seed: own.SEED });
}

void run();
