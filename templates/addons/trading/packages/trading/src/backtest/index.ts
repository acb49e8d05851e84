export { equityChart } from './chart.ts';
export { CsvError, readCandles } from './csv.ts';
export { reportPage } from './page.ts';
export { type Backtest, type BacktestOptions, type BacktestTrade, runBacktest } from './run.ts';
export { type Statistics, statisticsOf } from './statistics.ts';
