import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { redact } from './redaction.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes lines in the stack's one schema, `event-schemas/log_line.json`. */
export interface Log {
  debug(message: string, context?: Record<string, unknown>): void;
  info(message: string, context?: Record<string, unknown>): void;
  warn(message: string, context?: Record<string, unknown>): void;
  error(message: string, context?: Record<string, unknown>): void;
  /** The same log, with the correlation id in every line. */
  correlated(correlationId: string): Log;
}

/** Where log lines go. */
export interface Output extends DestinationStream {
  /** Writes at once what is not written yet. To be called before the process ends. */
  flush(): void;
}

const LARGEST_BATCH = 8 * 1024;
const LONGEST_DELAY_MS = 10;

/** Standard output. Lines that come within a few milliseconds are written together, as each write costs a system call. */
export function createOutput(): Output {
  const output = pino.destination({ fd: 1, sync: true, minLength: LARGEST_BATCH });
  let timer: NodeJS.Timeout | undefined;
  const pass = () => {
    timer = undefined;
    // Not `flushSync`, which waits for the disk each time.
    output.flush();
  };
  return {
    write(line) {
      output.write(line);
      timer ??= setTimeout(pass, LONGEST_DELAY_MS);
    },
    flush() {
      clearTimeout(timer);
      timer = undefined;
      output.flushSync();
    },
  };
}

/** A log of the service, in the stack's one schema. */
export function createLog(options: {
  service: string;
  level: LogLevel;
  destination: DestinationStream;
  /** In the context of every line. */
  fields?: Record<string, unknown>;
}): Log {
  const { fields = {} } = options;
  const logger = pino(
    {
      level: options.level,
      base: { service: options.service },
      messageKey: 'message',
      timestamp: () => stdTimeFunctions.isoTime().replace('"time"', '"timestamp"'),
      formatters: { level: (level) => ({ level }) },
    },
    options.destination,
  );
  return new Lines(logger, Object.keys(fields).length === 0 ? undefined : fields);
}

/** One is made for each request and each event: it costs nothing before a line is written. */
class Lines implements Log {
  readonly #logger: Logger;
  readonly #fields: Record<string, unknown> | undefined;
  readonly #correlationId: string | undefined;

  constructor(logger: Logger, fields: Record<string, unknown> | undefined, correlationId?: string) {
    this.#logger = logger;
    this.#fields = fields;
    this.#correlationId = correlationId;
  }

  debug(message: string, context?: Record<string, unknown>): void {
    this.#write('debug', message, context);
  }
  info(message: string, context?: Record<string, unknown>): void {
    this.#write('info', message, context);
  }
  warn(message: string, context?: Record<string, unknown>): void {
    this.#write('warn', message, context);
  }
  error(message: string, context?: Record<string, unknown>): void {
    this.#write('error', message, context);
  }

  correlated(correlationId: string): Log {
    return new Lines(this.#logger, this.#fields, correlationId);
  }

  #write(
    level: 'debug' | 'info' | 'warn' | 'error',
    message: string,
    given: Record<string, unknown> | undefined,
  ): void {
    if (!this.#logger.isLevelEnabled(level)) return;
    const said = given === undefined ? {} : (redact(given) as Record<string, unknown>);
    const context = this.#fields === undefined ? said : { ...this.#fields, ...said };
    const id = this.#correlationId;
    this.#logger[level](id === undefined ? { context } : { correlation_id: id, context }, message);
  }
}
