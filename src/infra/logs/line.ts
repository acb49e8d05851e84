export interface LogLine {
  /** The process that wrote it. */
  source: string;
  /** ISO 8601, where the line is in the stack's schema. */
  timestamp?: string;
  level?: string;
  message: string;
  correlationId?: string;
  /** The line as it was written. */
  raw: string;
}

/** RabbitMQ's formatter: `2026-11-21 03:40:00.123456+00:00 [info] <0.220.0> Server startup complete`. */
const RABBITMQ_LINE =
  /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\d*([+-]\d\d:\d\d) \[(\w+)\] (?:<[\d.]+> )?(.*)$/;
const RABBITMQ_LEVELS: Record<string, string> = { notice: 'info', warning: 'warn', critical: 'fatal' };

/** Redis: `1234:M 21 Nov 2026 03:40:00.123 * Ready to accept connections`; its mark is the level. */
const REDIS_LINE = /^\d+:[A-Z] (\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d)\.(\d{3}) ([.\-*#]) (.*)$/;
const REDIS_LEVELS: Record<string, string> = { '.': 'debug', '-': 'info', '*': 'info', '#': 'warn' };

/** PostgreSQL with its default `log_line_prefix`, `%m [%p] `, in UTC: `2026-11-21 00:32:06.779 UTC [12067] LOG:  ready`. */
const POSTGRES_LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) (?:UTC|GMT) \[\d+\] ([A-Z]+\d?): +(.*)$/;
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

/** Reads one line: in the stack's schema, as one of the servers writes it, or as plain text (a crash). */
export function parseLogLine(source: string, raw: string): LogLine {
  return (
    parseSchemaLine(source, raw) ??
    parsePostgresLine(source, raw) ??
    parseRabbitmqLine(source, raw) ??
    parseRedisLine(source, raw) ?? { source, message: raw, raw }
  );
}

function parseSchemaLine(source: string, raw: string): LogLine | undefined {
  const fields = parseObject(raw);
  if (typeof fields?.message !== 'string') return undefined;
  return {
    source,
    raw,
    message: fields.message,
    ...(typeof fields.timestamp === 'string' ? { timestamp: fields.timestamp } : {}),
    ...(typeof fields.level === 'string' ? { level: fields.level } : {}),
    ...(typeof fields.correlation_id === 'string' ? { correlationId: fields.correlation_id } : {}),
  };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function parsePostgresLine(source: string, raw: string): LogLine | undefined {
  const [, date, time, severity = '', message = ''] = POSTGRES_LINE.exec(raw) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const level = POSTGRES_LEVELS[severity];
  return {
    source,
    raw,
    message: level === undefined ? `${severity}: ${message}` : message,
    timestamp: `${date}T${time}Z`,
    ...(level === undefined ? {} : { level }),
  };
}

function parseRabbitmqLine(source: string, raw: string): LogLine | undefined {
  const [, date, time, zone, level = '', message = ''] = RABBITMQ_LINE.exec(raw) ?? [];
  if (date === undefined) return undefined;
  return {
    source,
    raw,
    message,
    timestamp: new Date(`${date}T${time}${zone}`).toISOString(),
    level: RABBITMQ_LEVELS[level] ?? level,
  };
}

function parseRedisLine(source: string, raw: string): LogLine | undefined {
  const [, date, milliseconds, mark = '', message = ''] = REDIS_LINE.exec(raw) ?? [];
  // It writes the time of the machine.
  const at = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return undefined;
  return {
    source,
    raw,
    message,
    timestamp: new Date(at + Number(milliseconds)).toISOString(),
    level: REDIS_LEVELS[mark] ?? 'info',
  };
}
