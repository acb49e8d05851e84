import { LOG_LEVELS, type LogLevel } from '../model/log.ts';

/** How others call what the stack's schema calls by these names. */
const WORDS: Readonly<Record<string, LogLevel>> = {
  silly: 'trace',
  verbose: 'debug',
  log: 'info',
  http: 'info',
  information: 'info',
  notice: 'info',
  warning: 'warn',
  err: 'error',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  panic: 'fatal',
  dpanic: 'fatal',
};

/** A pattern for the words of levels, without a group. */
export const LEVEL_WORD = `(?:${[...LOG_LEVELS, ...Object.keys(WORDS)].sort((a, b) => b.length - a.length).join('|')})`;

/** `WARNING` is `warn`; pino's and bunyan's numbers are the levels in tens. A word that nobody knows stays as it is. */
export function levelOf(written: unknown): string | undefined {
  if (typeof written === 'number') return LOG_LEVELS[Math.floor(written / 10) - 1];
  if (typeof written !== 'string' || written === '') return undefined;
  const word = written.toLowerCase();
  return Object.hasOwn(WORDS, word) ? WORDS[word] : word;
}
