import { messagesOf, stacksOf } from '../errors.ts';
import type { LoggedError } from '../model/log.ts';
import { isRecord } from '../record.ts';

/** Under which names loggers write an error: the stack's own, pino, bunyan, zap, structlog, python-json-logger. */
const ERRORS = ['error', 'err', 'exception', 'exc_info', 'cause'];
/** Where its parts stand each by itself: ECS (`error.message`), OpenTelemetry (`exception.message`). */
const MESSAGES = ['error.message', 'exception.message'];
const STACKS = [
  'stack',
  'stack_trace',
  'stacktrace',
  'errorVerbose',
  'stack_info',
  'error.stack_trace',
  'exception.stacktrace',
];

/** The error among what stands beside a message, and the rest of it. */
export function loggedError(beside: Record<string, unknown>): {
  error: LoggedError | undefined;
  fields: Record<string, unknown>;
} {
  const fields = { ...beside };
  // `error: false` and `exc_info: true` say nothing of what went wrong.
  const take = (names: readonly string[]): string | object | undefined => {
    for (const name of names) {
      const value = fields[name];
      if ((typeof value !== 'string' || value === '') && !isRecord(value)) continue;
      delete fields[name];
      return value;
    }
    return undefined;
  };
  const said = take(ERRORS) ?? take(MESSAGES);
  const traced = take(STACKS);
  const trace = typeof traced === 'string' ? traced : undefined;
  if (said === undefined && trace === undefined) return { error: undefined, fields };
  const error = typeof said === 'object' ? fromObject(said) : fromText(said ?? trace ?? '');
  const stack = error.stack ?? trace;
  return { error: { ...error, ...(stack === undefined ? {} : { stack }) }, fields };
}

/** An error whose fields were written down: `{name, message, code, stack, cause}`. */
function fromObject(error: object): LoggedError {
  const { name, type, code, stack_trace: trace } = error as Record<string, unknown>;
  const kind = [name, type].find((each) => typeof each === 'string' && each !== '' && each !== 'Error');
  const [first = '', ...causes] = messagesOf(error);
  const named = kind === undefined || first.includes(String(kind)) ? first : `${String(kind)}: ${first}`;
  const message = [named, ...causes].join(': ');
  const coded = (typeof code === 'string' || typeof code === 'number') && !message.includes(String(code));
  const stack = typeof trace === 'string' ? trace : stacksOf(error).join('\ncaused by ');
  return {
    message: coded ? `${message} (${code})` : message,
    ...(stack.includes('\n') ? { stack } : {}),
  };
}

/** A message, or a whole trace: JavaScript has the message first, Python last. */
function fromText(text: string): LoggedError {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < 2) return { message: text.trim() };
  const message = text.startsWith('Traceback') ? lines.at(-1) : lines[0];
  return { message: (message ?? '').trim(), stack: text };
}
