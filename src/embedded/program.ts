import { messageOf, QbtcError } from '../errors.ts';

/** One log line in the schema that the whole stack uses. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  context?: Record<string, unknown>,
) => void;

export interface RunningProgram {
  /** Ends in an orderly way: nothing new is taken, what is in flight is finished or refused, sockets are closed. */
  close(): Promise<void>;
}

/** The variable that carries an embedded program's configuration as JSON; arguments would show secrets in `ps`. */
export const CONFIGURATION_VARIABLE = 'QBTC_EMBEDDED';

/** A log that writes JSON lines to stdout: timestamp, service, level, message, context. */
export function createLog(service: string): Log {
  return (level, message, context = {}) => {
    process.stdout.write(
      `${JSON.stringify({ timestamp: new Date().toISOString(), service, level, message, context })}\n`,
    );
  };
}

/**
 * The frame of every embedded program: reads the configuration, starts, ends on SIGTERM and SIGINT.
 * A program that cannot start logs why and exits with 1. Readiness is not announced: it is probed from outside.
 */
export async function runProgram<Configuration>(
  service: string,
  start: (configuration: Configuration, log: Log) => Promise<RunningProgram>,
): Promise<void> {
  const log = createLog(service);
  const text = process.env[CONFIGURATION_VARIABLE];
  if (text === undefined) {
    log('error', `${CONFIGURATION_VARIABLE} is not set: this program is started by qbtc`);
    process.exitCode = 1;
    return;
  }
  // Children and crash reports must not inherit the secrets.
  delete process.env[CONFIGURATION_VARIABLE];
  try {
    const program = await start(JSON.parse(text) as Configuration, log);
    const end = async (signal: NodeJS.Signals) => {
      log('info', 'ending', { signal });
      await program.close();
      log('info', 'ended');
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  } catch (error) {
    const { hint, code, details = [] } = error instanceof QbtcError ? error : {};
    const advice = hint === undefined ? '' : `; ${hint}`;
    log('error', `could not start: ${messageOf(error)}${advice}`, {
      ...(code === undefined ? {} : { code, details }),
    });
    process.exitCode = 1;
  }
}
