import type { LogLine } from '../model/log.ts';

type Read = Pick<LogLine, 'message' | 'timestamp' | 'level'>;

/** RabbitMQ's formatter: `2026-11-21 03:40:00.123456+00:00 [info] <0.220.0> Server startup complete`. */
const RABBITMQ_LINE =
  /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\d*([+-]\d\d:\d\d) \[(\w+)\] (?:<[\d.]+> )?(.*)$/;

/** Redis: `1234:M 21 Nov 2026 03:40:00.123 * Ready to accept connections`; its mark is the level. */
const REDIS_LINE = /^\d+:[A-Z] (\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d)\.(\d{3}) ([.\-*#]) (.*)$/;
const REDIS_LEVELS: Record<string, string> = { '.': 'debug', '-': 'info', '*': 'info', '#': 'warn' };

/** PostgreSQL with its default `log_line_prefix`, `%m [%p] `: `2026-11-21 00:32:06.779 UTC [12067] LOG:  ready`. */
const POSTGRES_LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) ([A-Z]+) \[\d+\] ([A-Z]+\d?): +(.*)$/;
/** Its severities in the words of the stack's schema; LOG is what an operator should know, STATEMENT and the like belong to a line before. */
const POSTGRES_LEVELS: Record<string, string> = {
  LOG: 'info',
  INFO: 'info',
  NOTICE: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
  PANIC: 'fatal',
};

/** nginx's access log, `127.0.0.1 - - [21/Nov/2026:03:40:00 +0000] "GET / HTTP/1.1" 200`, as APISIX writes it too. */
const ACCESS_LINE = /^\S+ \S+ \S+ \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] (.*)$/;

/** A time at the beginning, a level behind it: nginx's error log, and what many a program prints. */
const DATED_LINE =
  /^\[?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?\]?[ :,-]*(?:\[?(trace|debug|info|notice|warn|warning|error|crit|critical|alert|emerg|fatal)\b\]?[ :,-]*)?(.*)$/i;
const LEVELS: Record<string, string> = {
  notice: 'info',
  warning: 'warn',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
};

/** A line in the own form of a server that qbtc starts, or with a time at its beginning. */
export function parseServerLine(raw: string): Read | undefined {
  return postgres(raw) ?? rabbitmq(raw) ?? redis(raw) ?? access(raw) ?? dated(raw);
}

function postgres(raw: string): Read | undefined {
  const [found, date, time, zone, severity = '', message = ''] = POSTGRES_LINE.exec(raw) ?? [];
  if (found === undefined) return undefined;
  const level = POSTGRES_LEVELS[severity];
  return {
    message: level === undefined ? `${severity}: ${message}` : message,
    // In another zone, which only has a name, the time is not known.
    ...(zone === 'UTC' || zone === 'GMT' ? { timestamp: `${date}T${time}Z` } : {}),
    ...(level === undefined ? {} : { level }),
  };
}

function rabbitmq(raw: string): Read | undefined {
  const [, date, time, zone, level = '', message = ''] = RABBITMQ_LINE.exec(raw) ?? [];
  return date === undefined ? undefined : withTime(`${date}T${time}${zone}`, level, message);
}

function redis(raw: string): Read | undefined {
  const [, date, milliseconds, mark = '', message = ''] = REDIS_LINE.exec(raw) ?? [];
  // It writes the time of the machine.
  const at = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return undefined;
  return {
    message,
    timestamp: new Date(at + Number(milliseconds)).toISOString(),
    level: REDIS_LEVELS[mark] ?? 'info',
  };
}

function access(raw: string): Read | undefined {
  const [, day, month, year, time, zone, message = ''] = ACCESS_LINE.exec(raw) ?? [];
  return day === undefined ? undefined : withTime(`${day} ${month} ${year} ${time} ${zone}`, 'info', message);
}

function dated(raw: string): Read | undefined {
  const [, year, month, day, time, fraction = '0', zone = '', level, message = ''] =
    DATED_LINE.exec(raw) ?? [];
  if (year === undefined) return undefined;
  // Without a zone it is the time of the machine.
  return withTime(`${year}-${month}-${day}T${time}.${fraction.slice(0, 3)}${zone}`, level, message);
}

function withTime(written: string, level: string | undefined, message: string): Read | undefined {
  const at = new Date(written);
  if (Number.isNaN(at.getTime())) return undefined;
  const word = level?.toLowerCase();
  return {
    message,
    timestamp: at.toISOString(),
    ...(word === undefined ? {} : { level: LEVELS[word] ?? word }),
  };
}
