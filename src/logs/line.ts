import { LOG_LEVELS, type LogLevel, type LogLine } from '../model/log.ts';
import { isRecord } from '../record.ts';
import { loggedError } from './logged-error.ts';
import { parseServerLine } from './server-line.ts';

/** How other loggers call what the stack's schema calls by these names. */
const LEVEL_WORDS: Record<string, LogLevel> = {
  verbose: 'debug',
  information: 'info',
  notice: 'info',
  warning: 'warn',
  err: 'error',
  critical: 'fatal',
  panic: 'fatal',
};
const NAMES = {
  message: ['message', 'msg', 'event'],
  timestamp: ['timestamp', '@timestamp', 'time', 'ts'],
  level: ['level', 'log.level', 'severity'],
  correlationId: ['correlation_id', 'correlationId'],
} as const;
/** What says nothing beside the source. */
const REPEATED = new Set(['service', 'context', 'pid', 'hostname', 'v']);

/** Reads one line: in the stack's schema or as other loggers write JSON, as one of the servers writes it, or as plain text. */
export function parseLogLine(source: string, raw: string): LogLine {
  return (
    parseJsonLine(source, raw) ?? {
      source,
      raw,
      ...(parseServerLine(raw) ?? { message: raw }),
    }
  );
}

function parseJsonLine(source: string, raw: string): LogLine | undefined {
  const document = parseObject(raw);
  if (document === undefined) return undefined;
  const find = (wanted: keyof typeof NAMES) => NAMES[wanted].find((name) => document[name] !== undefined);
  const named = {
    message: find('message'),
    timestamp: find('timestamp'),
    level: find('level'),
    correlationId: find('correlationId'),
  };
  const message = document[named.message ?? ''];
  if (typeof message !== 'string') return undefined;
  const timestamp = timeOf(document[named.timestamp ?? '']);
  const level = levelOf(document[named.level ?? '']);
  const correlationId = document[named.correlationId ?? ''];
  const taken = new Set<string | undefined>(Object.values(named));
  const beside = Object.entries(document).filter(([name]) => !taken.has(name) && !REPEATED.has(name));
  const context = isRecord(document.context) ? document.context : {};
  const { error, fields } = loggedError({ ...Object.fromEntries(beside), ...context });
  return {
    source,
    raw,
    message,
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(level === undefined ? {} : { level }),
    ...(typeof correlationId === 'string' ? { correlationId } : {}),
    ...(error === undefined ? {} : { error }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}

/** In UTC, whatever zone it was written in: `2026-11-29T13:45:22+00:00`, or seconds or milliseconds since the epoch. */
function timeOf(written: unknown): string | undefined {
  if (typeof written !== 'string' && typeof written !== 'number') return undefined;
  // Seconds have ten digits until the year 2286.
  const at = new Date(typeof written === 'number' && written < 1e11 ? written * 1000 : written);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** `WARNING` is `warn`; pino's numbers are the levels in tens. */
function levelOf(written: unknown): string | undefined {
  if (typeof written === 'number') return LOG_LEVELS[Math.floor(written / 10) - 1];
  if (typeof written !== 'string') return undefined;
  const word = written.toLowerCase();
  return LEVEL_WORDS[word] ?? word;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
