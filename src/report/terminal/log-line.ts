import type { LoggedError, LogLine } from '../../model/log.ts';
import type { Style } from '../document-form.ts';
import { padEnd, truncate } from '../layout.ts';
import { timeOfDay } from './view.ts';

/** What a value beside the message may be long before it is cut. */
const FIELD_WIDTH = 120;

/**
 * `10:20:30.456  llm-api  error  could not answer: connect ECONNREFUSED 127.0.0.1:5432  status=500  c-1`, with the stack
 * trace below it where that is wanted. Without a width for the source it is left out.
 */
export function logLine(line: LogLine, sources: number | undefined, { palette, verbose }: Style): string[] {
  const { source, timestamp, around, level, message, correlationId, error, fields = {} } = line;
  const paint =
    level === 'error' || level === 'fatal' ? palette.bad : level === 'warn' ? palette.warning : palette.faint;
  const at = timestamp ?? around;
  // A time that is not the line's own is marked.
  const time = at === undefined ? '' : `${timeOfDay(at)}${timestamp === undefined ? '~' : ''}`;
  const told = withError(message, error);
  const beside = Object.entries(fields).map(([name, value]) => `${name}=${shown(value, verbose)}`);
  const [first = '', ...rest] = told.split('\n');
  const trace = verbose && error?.stack !== undefined ? error.stack.split('\n') : [];
  return [
    [
      palette.faint(time.padEnd(13)),
      ...(sources === undefined ? [] : [palette.strong(padEnd(source, sources))]),
      paint((level ?? '').padEnd(5)),
      first,
      ...(beside.length === 0 ? [] : [palette.faint(beside.join(' '))]),
      ...(correlationId === undefined ? [] : [palette.faint(correlationId)]),
    ]
      .join('  ')
      .trimEnd(),
    ...[...rest, ...trace].map((text) => `${' '.repeat(4)}${palette.faint(text)}`.trimEnd()),
  ];
}

function withError(message: string, error: LoggedError | undefined): string {
  if (error === undefined || message.includes(error.message)) return message;
  return error.message.startsWith(message) ? error.message : `${message}: ${error.message}`;
}

function shown(value: unknown, verbose: boolean): string {
  const text = typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value);
  return verbose ? text : truncate(text, FIELD_WIDTH);
}
