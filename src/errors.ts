import { inspect } from 'node:util';
import type { LogLine } from './model/log.ts';

/** The exit codes of every command. Nothing else may be set as one; `exec` passes a program's own through. */
export const EXIT = {
  done: 0,
  error: 1,
  findings: 2,
  partial: 3,
  timeout: 4,
  usage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface QbtcErrorOptions {
  /** The exit code that the command ends with. `EXIT.error` when left out. */
  exit?: ExitCode;
  /** What the user can do about it: one sentence, or better the exact command. */
  hint?: string;
  /** Lines that belong to the message: one mistake a line. */
  details?: string[];
  /** The last lines of the process or container that it is about; empty when it wrote nothing. */
  logLines?: readonly LogLine[];
  cause?: unknown;
}

/**
 * An error that a user can act on. Everything that a part throws on purpose is one of these;
 * any other error is a defect of ours and is reported as such.
 */
export class QbtcError extends Error {
  override readonly name = 'QbtcError';
  /** Stable, upper case, for scripts: `CONFIG_INVALID`, `PORT_TAKEN`. */
  readonly code: string;
  readonly exit: ExitCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly logLines: readonly LogLine[] | undefined;

  constructor(code: string, message: string, options: QbtcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exit = options.exit ?? EXIT.error;
    this.hint = options.hint;
    this.details = options.details ?? [];
    this.logLines = options.logLines;
  }
}

/** How many errors of one that stands for several are told. */
const TOLD_OF_SEVERAL = 5;

/**
 * What was thrown, with its causes, in one line for a person: `fetch failed: connect ECONNREFUSED 127.0.0.1:8001`.
 * This is the one way from something thrown to a text: `error.message` alone says nothing of the cause.
 */
export function messageOf(thrown: unknown): string {
  return messagesOf(thrown).join(': ');
}

/** The same one by one: first what was thrown, then each cause that says something new. Never empty. */
export function messagesOf(thrown: unknown): string[] {
  return messagesBut(new Set(), thrown);
}

/** @param seen what is being told already: an error may be its own cause, or one of its own parts */
function messagesBut(seen: Set<unknown>, thrown: unknown): string[] {
  const told: string[] = [];
  for (let each = thrown; each !== undefined && !seen.has(each); each = causeOf(each)) {
    if (isObject(each)) seen.add(each);
    const text = ownMessage(seen, each);
    if (text !== '' && !told.some((before) => before.includes(text))) told.push(text);
  }
  return told.length === 0 ? [nameOf(thrown)] : told;
}

/** Where it was thrown, and where each of its causes was: the stack traces, the outermost first. */
export function stacksOf(thrown: unknown, seen = new Set<unknown>()): string[] {
  const stacks: string[] = [];
  for (let each = thrown; each !== undefined && !seen.has(each); each = causeOf(each)) {
    if (isObject(each)) seen.add(each);
    const stack = isObject(each) && typeof each.stack === 'string' ? each.stack : messageOf(each);
    if (stack !== '') stacks.push(stack);
    if (isObject(each) && Array.isArray(each.errors))
      stacks.push(...each.errors.flatMap((part) => stacksOf(part, seen)));
  }
  return stacks;
}

function ownMessage(seen: Set<unknown>, thrown: unknown): string {
  if (!isObject(thrown)) return String(thrown);
  // esbuild says in `text` what others say in `message`.
  const said = [thrown.message, thrown.text].find((each) => typeof each === 'string');
  const message = typeof said === 'string' ? said.trim() : '';
  // PostgreSQL says in it which row and which key.
  const detail = typeof thrown.detail === 'string' && thrown.detail !== '' ? ` (${thrown.detail})` : '';
  if (!Array.isArray(thrown.errors) || thrown.errors.length === 0) return message + detail;
  // One that stands for several, as when each address of a host was tried: its own message is often empty.
  const parts = thrown.errors.filter((part) => !seen.has(part));
  const several = [...new Set(parts.map((part) => messagesBut(new Set(seen), part).join(': ')))].filter(
    (each) => !message.includes(each),
  );
  const left = several.length - TOLD_OF_SEVERAL;
  const shown = several.slice(0, TOLD_OF_SEVERAL).concat(left > 0 ? [`${left} more`] : []);
  return [message, shown.join(', ')].filter((part) => part !== '').join(': ');
}

function causeOf(thrown: unknown): unknown {
  return isObject(thrown) ? (thrown.cause ?? undefined) : undefined;
}

/** For one without a message: its code, its name, or what it is. */
function nameOf(thrown: unknown): string {
  if (!isObject(thrown)) return String(thrown);
  for (const name of [thrown.code, thrown.name]) {
    if (typeof name === 'string' && name !== '') return name;
  }
  return inspect(thrown, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
