import { textForm } from '../text-line.ts';

/** Its severities in the words of the stack's schema; LOG is what an operator should know, STATEMENT and the like belong to a line before. */
const LEVELS: Readonly<Record<string, string>> = {
  LOG: 'info',
  INFO: 'info',
  NOTICE: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
  PANIC: 'fatal',
};

/** PostgreSQL with its default `log_line_prefix`, `%m [%p] `: `2026-11-21 00:32:06.779 UTC [12067] LOG:  ready`. */
export const postgres = textForm({
  name: 'PostgreSQL',
  kind: 'own',
  pattern:
    /^(?<day>\d{4}-\d\d-\d\d) (?<time>\d\d:\d\d:\d\d\.\d{3}) (?<zone>[A-Z]+) \[\d+\] (?<severity>[A-Z]+\d?): +(?<message>.*)$/,
  parts: ({ day, time, zone, severity = '', message = '' }) => ({
    message: LEVELS[severity] === undefined ? `${severity}: ${message}` : message,
    // In another zone, which only has a name, the time is not known.
    time: zone === 'UTC' || zone === 'GMT' ? `${day}T${time}Z` : undefined,
    level: LEVELS[severity],
  }),
});
